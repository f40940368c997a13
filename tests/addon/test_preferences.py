"""The address of an engine on another machine, as artists paste it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

FINGERPRINT = "0123456789abcdef" * 4


@pytest.fixture
def preferences_module(bpy):
    from dreamface_addon import preferences

    return preferences


def test_a_pasted_line_is_taken_apart(preferences_module, monkeypatch) -> None:
    seen: list[tuple[str, str, str]] = []
    chosen = SimpleNamespace(url=f"10.1.2.3:8765#secret#{FINGERPRINT}", token="old", fingerprint="")
    monkeypatch.setattr(
        preferences_module, "_on_change", lambda: seen.append((chosen.url, chosen.token, chosen.fingerprint))
    )
    preferences_module._moved(chosen, None)
    assert seen == [("https://10.1.2.3:8765", "secret", FINGERPRINT)]
    chosen.url = "https://render.studio"  # another machine, whose certificate this computer trusts
    preferences_module._moved(chosen, None)
    assert seen[-1] == ("https://render.studio", "secret", "")


def test_half_a_line_stays_as_it_is(preferences_module, monkeypatch) -> None:
    chosen = SimpleNamespace(url="10.1.2.3:8765#secret", token="old", fingerprint=FINGERPRINT)
    monkeypatch.setattr(preferences_module, "_on_change", None)
    preferences_module._moved(chosen, None)
    assert (chosen.url, chosen.token) == ("10.1.2.3:8765#secret", "old")
