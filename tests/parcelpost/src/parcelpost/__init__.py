"""Parcel Post, an email platform that nobody has: campaigns of letters that wait for weeks and months."""

from parcelpost.assumptions import Assumptions
from parcelpost.changes import Change, release, rewrite
from parcelpost.model import Campaign, Letter, Window, from_api, load
from parcelpost.platform import platform
from simcore.platform import register

__all__ = [
    "Assumptions",
    "Campaign",
    "Change",
    "Letter",
    "Window",
    "from_api",
    "load",
    "platform",
    "release",
    "rewrite",
]

register(platform)
