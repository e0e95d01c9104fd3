import threading
import time

import pytest

from cjm_research.reporting.deadline import Deadline, TimedOut, Watchdog
from cjm_research.reporting.step_log import StepLog


def test_a_deadline_is_counted_from_its_making():
    deadline = Deadline(0.05)
    assert 0 < deadline.left() <= 0.05
    deadline.check()
    time.sleep(0.06)
    assert deadline.left() < 0
    with pytest.raises(TimedOut, match=r"within 0 s, which is report\.run_deadline_s"):
        deadline.check()


def test_nothing_more_is_said_and_no_step_begun_beyond_the_deadline():
    said = []
    log = StepLog(said.append)
    log("one")
    with log.step("first"):
        pass
    log.deadline = Deadline(0)
    with pytest.raises(TimedOut):
        log("two")
    with pytest.raises(TimedOut), log.step("second"):
        said.append("begun")
    assert said == ["one"]
    assert [step["name"] for step in log.steps] == ["first"]


def test_a_watchdog_that_is_called_off_does_nothing():
    acted = threading.Event()
    dog = Watchdog(0.05, acted.set)
    dog.disarm()
    dog.disarm()
    assert not acted.wait(0.15)


def test_a_watchdog_acts_once_and_whoever_calls_it_off_waits():
    order, begun = [], threading.Event()

    def act():
        begun.set()
        time.sleep(0.1)
        order.append("acted")

    dog = Watchdog(0, act)
    assert begun.wait(5)
    dog.disarm()
    order.append("called off")
    assert order == ["acted", "called off"]
