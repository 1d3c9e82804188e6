"""Every zone's clock changes from 1970 to 2035 against a listing from outside (tests/zone_listing.py)."""

import hashlib

import pytest
import tzdata
import zone_listing
from zone_listing import END, answers, file, from_1970, ours, read, table

from simcore.clock.zones import zone_names

LISTED = answers()

BODY = """America/Nowhere
Initially:           -04:32:36 standard LMT
1890-01-01 04:32:36Z -05:00:00 standard EST
1970-04-26 07:00:00Z -04:00:00 daylight EDT
1970-10-25 06:00:00Z -04:00:00 standard EDT
2034-12-31 23:59:59Z +05:45:00 standard +0545
2035-01-01 00:00:00Z +06:00:00 standard +06

Zulu
Initially:           +00:00:00 standard UTC

"""
NOWHERE = [(0, -18000, "EST"), (9_961_200, -14400, "EDT"), (END - 1, 20700, "+0545")]


def test_tables_are_those_of_the_listing():
    """T16: of each zone whose file is still that of a release that was listed: the others have other rules by now."""
    known = [each for each in LISTED if each.zone in zone_names() and file(each.zone) == each.file]
    if not known:
        pytest.skip(f"no zone of tzdata {tzdata.IANA_VERSION} is as it was in a listing that is kept")
    states = {each.zone: ours(each.zone) for each in known}
    found = {name: (len(some) - 1, table(some)) for name, some in states.items()}
    assert found == {each.zone: (each.changes, each.table) for each in known}


def test_what_is_kept():
    """Two releases: all 597 zones that they list, and four a second time, since their files changed in between."""
    assert len({each.zone for each in LISTED}) == 597
    assert len({(each.zone, each.file) for each in LISTED}) == len(LISTED)
    assert sum(each.changes for each in LISTED) > 29_000


def listing(body, release="2026z"):
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"Version: {release}\nBody-SHA-256: {digest}\nRange: 1-2035\n\n{body}"


def test_a_listing_is_read():
    release, zones = read(listing(BODY))
    assert release == "2026z"
    assert zones == {"America/Nowhere": NOWHERE, "Zulu": [(0, 0, "UTC")]}
    with pytest.raises(SystemExit, match="the listing is not what its header says"):
        read(listing(BODY).replace("07:00:00", "07:00:01"))


@pytest.mark.parametrize("release", ["2026z", tzdata.IANA_VERSION])
def test_a_listing_is_compared(release, tmp_path, monkeypatch, capsys):
    """What differs counts where the listing is of the release that is installed, and only that is kept."""
    path = tmp_path / "listing.txt"
    path.write_text(listing(BODY.replace("America/Nowhere", "America/New_York"), release))
    monkeypatch.setattr("sys.argv", ["zone_listing.py", str(path)])
    assert zone_listing.main() == (release == tzdata.IANA_VERSION)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "America/New_York: from 1970-10-25 06:00:00 UTC on"
    assert said[1].startswith(
        f"{release} by tzdata {tzdata.IANA_VERSION}: 2 zones, 2 changes, 1 differ; in the listing alone [], "
    )
    if release != tzdata.IANA_VERSION:
        monkeypatch.setattr("sys.argv", ["zone_listing.py", str(path), "--keep"])
        with pytest.raises(SystemExit, match="only what tzdata has the release of is kept"):
            zone_listing.main()


def test_each_part_of_a_change_counts():
    """What the hashes of tables tell apart."""
    at, offset, name = NOWHERE[1]
    others = [(at + 1, offset, name), (at, offset + 1, name), (at, offset, "AST")]
    tables = {table([NOWHERE[0], other, NOWHERE[2]]) for other in others}
    assert len(tables | {table(NOWHERE), table(NOWHERE[:2])}) == 5


def test_1970_begins_with_what_is_in_force():
    assert from_1970([(-9, 1, "A"), (-1, 2, "B"), (9, 2, "B"), (10, 3, "B")]) == [(0, 2, "B"), (10, 3, "B")]
    assert from_1970([(-9, 1, "A"), (0, 2, "B"), (END, 3, "C")]) == [(0, 2, "B")]


def test_keeping_a_listing_adds_to_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(zone_listing, "ANSWERS", tmp_path / "zones.csv")
    zone_listing.keep({"Europe/Berlin": NOWHERE})
    zone_listing.keep({"Europe/Paris": NOWHERE[:1]})
    assert answers() == [
        ("Europe/Berlin", file("Europe/Berlin"), 2, table(NOWHERE)),
        ("Europe/Paris", file("Europe/Paris"), 0, table(NOWHERE[:1])),
    ]
