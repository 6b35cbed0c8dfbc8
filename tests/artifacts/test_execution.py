import pytest
from pydantic import ValidationError

from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.threads import cores


@pytest.mark.parametrize(
    ("workers", "tasks", "processes"),
    [(1, 9, 1), (4, 9, 4), (4, 2, 2), (4, 0, 1), ("auto", 1, 1), ("auto", 9999, None)],
)
def test_no_more_processes_than_tasks_or_cores(workers, tasks, processes):
    assert Execution(workers=workers).processes(tasks) == (processes or cores())


REFUSED = [{"workers": 0}, {"workers": -1}, {"workers": "many"}, {"on_error": "ignore"}, {"worker": 1}]
REFUSED += [{"scheduler": "tcp://host:8786", "device": "auto"}, {"worker_wait_s": 0}]


@pytest.mark.parametrize("given", REFUSED)
def test_settings_that_mean_nothing_are_refused(given):
    with pytest.raises(ValidationError):
        Execution.model_validate(given)


def test_workers_on_the_command_line_may_be_text():
    assert Execution.model_validate({"workers": "2"}).processes(9) == 2
