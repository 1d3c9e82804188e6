"use strict";
// The page of the twin. All texts go in as text, never as HTML; the key stays in this variable.
let key = "";
const at = {sent: 0, people: 0};
const PAGE = 50;
const find = (id) => document.getElementById(id);

async function ask(path, body) {
  const headers = {"Authorization": `Bearer ${key}`};
  const given = body === undefined ? {headers} : {method: "POST", headers, body: JSON.stringify(body)};
  const answer = await fetch(path, given);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.errors.join("; "));
  return found;
}

function cell(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text === null || text === undefined ? "" : String(text);
  return made;
}

function table(id, columns, rows) {
  const head = document.createElement("tr");
  head.append(...Object.keys(columns).map((name) => cell("th", name)));
  const lines = rows.map((row) => {
    const line = document.createElement("tr");
    line.append(...Object.values(columns).map((field) => cell("td", row[field])));
    return line;
  });
  find(id).replaceChildren(head, ...lines);
}

function pages(id, total) {
  const button = (text, step, on) => {
    const made = cell("button", text);
    made.disabled = !on;
    made.addEventListener("click", () => { at[id] += step; attempt(show); });
    return made;
  };
  find(`${id}-count`).textContent = total;
  find(`${id}-pages`).replaceChildren(
    button("earlier in the list", -PAGE, at[id] > 0), button("later in the list", PAGE, at[id] + PAGE < total));
}

async function show() {
  const first = await ask("/_twin/outbox?limit=1");
  const total = first.pagination.total;
  const end = Math.max(0, total - at.sent);
  const start = Math.max(0, end - PAGE);
  const sent = end > 0 ? await ask(`/_twin/outbox?limit=${end - start}&offset=${start}`) : first;
  const people = await ask(`/_twin/people?limit=${PAGE}&offset=${at.people}`);
  find("now").textContent = first.now;
  table("sent", {Time: "send_at", Subscriber: "subscriber_id", Sequence: "sequence_id", Email: "subject"},
    end > 0 ? sent.outbox.reverse() : []);
  table("people", {Subscriber: "subscriber_id", Address: "email", Sequence: "sequence_id", Entered: "entered_at", Status: "status",
    Sent: "sends", Next: "next_send_at"}, people.people);
  pages("sent", total);
  pages("people", people.pagination.total);
}

async function attempt(what) {
  try {
    await what();
    find("wrong").textContent = "";
  } catch (error) {
    find("wrong").textContent = error.message;
  }
}

async function move(body) {
  await ask("/_twin/clock", body);
  at.sent = 0;
  await show();
}

find("door").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    key = find("key").value;
    await show();
    find("key").value = "";
    find("door").hidden = true;
    find("room").hidden = false;
  });
});
find("buttons").addEventListener("click", (event) => {
  const length = event.target.dataset.advance;
  if (length) attempt(() => move({advance: length}));
});
find("to").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => move({to: find("instant").value}));
});
