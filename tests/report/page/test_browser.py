"""The page in a real browser, without a screen."""

import os
import shutil
from pathlib import Path

import pytest

from chromium import Chromium, find_chromium
from lgc_plugin.report.page.html_page import write_report
from report_cases import make_run

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="Chromium is not installed"
)
#: Where to leave pictures to look at; none are kept if it is not set.
PICTURES = os.environ.get("REPORT_PICTURES")
TABBED = "document.activeElement.className || document.activeElement.id"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    profile = tmp_path_factory.mktemp("profile")
    with Chromium(profile) as browser:
        yield browser
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """The page of a run, opened from disk."""
    folder = tmp_path_factory.mktemp("run")
    file = write_report([make_run(folder / "one")], folder / "a.html")
    browser.show(1280, 900, "light")
    browser.open(file)
    browser.run("document.documentElement.style.scrollBehavior = 'auto'")
    return browser


def press(browser, key, code=0):
    text = {"text": key} if len(key) == 1 else {}
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            windowsVirtualKeyCode=code,
            **(text if kind == "keyDown" else {}),
        )


def test_the_player_plays_and_the_cursor_follows(opened):
    opened.run("document.querySelector('.timeline').focus()")
    press(opened, " ", 32)
    played = opened.run(
        """new Promise((done) => {
          const audio = document.querySelector('audio');
          const line = document.querySelector('.timeline');
          const begin = performance.now();
          function look() {
            const at = Number(line.style.getPropertyValue('--at'));
            if (at > 0.02 || performance.now() - begin > 15000) {
              done([audio.paused, audio.duration, at,
                    document.querySelector('.play').textContent]);
            } else setTimeout(look, 50);
          }
          look();
        })"""
    )
    paused, duration, position, button = played
    assert not paused and button == "Pause" and position > 0.02
    assert duration == pytest.approx(4.0, abs=0.1)
    press(opened, " ", 32)
    assert opened.run("document.querySelector('audio').paused")
    for key, time in (("Home", 0.0), ("ArrowRight", 0.5), ("End", 4.0)):
        press(opened, key)
        line = "document.querySelector('.timeline')"
        now = opened.run(f"{line}.getAttribute('aria-valuenow')")
        assert float(now) == time
    assert opened.run("document.querySelector('audio').currentTime") > 3.9


def test_a_click_seeks(opened):
    opened.run("document.querySelector('.timeline').scrollIntoView()")
    box = opened.run(
        """(() => {
          const lane = document.querySelector('.time-ticks');
          const { left, width, top } = lane.getBoundingClientRect();
          return [left, width, top];
        })()"""
    )
    left, width, top = box
    for kind in ("mousePressed", "mouseReleased"):
        opened.call(
            "Input.dispatchMouseEvent",
            type=kind,
            x=left + width / 4,
            y=top - 20,
            button="left",
            clickCount=1,
        )
    time = opened.run("views[0].position")
    assert time == pytest.approx(1.0, abs=0.02)
    place = opened.run(
        "document.querySelector('.cursor').getBoundingClientRect().left"
    )
    assert place == pytest.approx(left + width / 4, abs=3)


def test_the_slider_changes_the_events(opened):
    counts = "document.querySelector('.counts').textContent"
    before = opened.run(counts)
    opened.run("document.getElementById('threshold').focus()")
    press(opened, "End")
    after = opened.run(counts)
    assert before != after and after.endswith("student 0, teacher 0")
    assert opened.run("document.querySelectorAll('.event').length") == 0
    shown = opened.run("document.getElementById('threshold-text').textContent")
    assert shown == "1.00"
    opened.run("document.getElementById('reset').click()")
    assert opened.run(counts) == before
    assert opened.run("document.querySelectorAll('.event').length") > 0


def test_plots_are_drawn_in_light_and_dark(opened, tmp_path):
    pictures = Path(PICTURES) if PICTURES else tmp_path
    for name, width in (("light", 1280), ("dark", 1280), ("narrow", 390)):
        opened.show(width, 900, "dark" if name == "dark" else "light")
        drawn = opened.run(
            """(async () => {
              for (const place of document.querySelectorAll('.plot')) {
                place.scrollIntoView();
                for (let n = 0; n < 100 && !place.data; n += 1) {
                  await new Promise((done) => setTimeout(done, 50));
                }
              }
              window.scrollTo(0, 0);
              const plots = [...document.querySelectorAll('.plot')];
              return plots.filter((each) => each.data).length / plots.length;
            })()"""
        )
        assert drawn == 1
        wide = opened.run("document.documentElement.scrollWidth")
        assert wide <= width, "the page scrolls sideways"
        color = opened.run("getComputedStyle(document.body).backgroundColor")
        assert (color == "rgb(255, 255, 255)") == (name != "dark")
        opened.picture(pictures / f"{name}.png")
    opened.show(1280, 900, "light")
    opened.run("document.getElementById('theme').click()")
    color = opened.run("getComputedStyle(document.body).backgroundColor")
    assert color == "rgb(21, 23, 27)"


def test_tab_reaches_every_control_in_order(opened):
    opened.run("document.activeElement.blur(); window.scrollTo(0, 0)")
    opened.run("document.getElementById('theme').focus()")
    reached = []
    for _ in range(20):
        press(opened, "Tab", 9)
        reached.append(opened.run(TABBED))
    order = [x for x in reached if x in ("threshold", "reset", "play")]
    assert order[:3] == ["threshold", "reset", "play"]
    assert reached[reached.index("play") + 1] == "timeline"


def test_the_console_has_no_error_and_nothing_is_asked_for(opened):
    opened.run("1")
    assert opened.problems == []
