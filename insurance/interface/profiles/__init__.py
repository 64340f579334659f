"""The regions that the protocol tells of, by name: fields of a `Profile` as data. Source: protocol 1.1, 2, 2.5, 2.6.

What only a site knows (address, institution, region code, operator, keys) is said in the configuration, and wins over
what stands here (docs/profiles.md). A new region is a module with HABITS, and a line here.
"""

from collections.abc import Mapping
from typing import Any

from insurance.interface.profiles import (
    guangdong,
    hebei,
    hunan,
    jiangsu,
    jiangxi,
    jilin,
    nanyang,
    sichuan,
    zhejiang,
)

Habits = Mapping[str, Any]

PROFILES: dict[str, Habits] = {
    "guangdong": guangdong.HABITS,
    "hebei": hebei.HABITS,
    "hunan": hunan.HABITS,
    "jiangsu": jiangsu.HABITS,
    "jiangxi": jiangxi.HABITS,
    "jilin": jilin.HABITS,
    "nanyang": nanyang.HABITS,
    "national": {},
    "sichuan": sichuan.HABITS,
    "zhejiang": zhejiang.HABITS,
}


def merged(profile: Habits, said: Habits) -> dict[str, Any]:
    """The profile's fields, and over them what is said of a site; fields of several entries are taken together."""
    both = {name: {**profile[name], **said[name]} for name in profile.keys() & said.keys() if _has_entries(said[name])}
    return {**profile, **said, **both}


def _has_entries(value: object) -> bool:
    return isinstance(value, Mapping)
