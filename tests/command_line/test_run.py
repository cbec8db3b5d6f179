import pytest

from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError


def test_a_mistake_is_one_sentence_and_status_2(capsys):
    def main():
        raise UserError("config.yaml: no key 'x'; remove it")

    with pytest.raises(SystemExit) as error:
        run_command_line(main)
    assert error.value.code == 2
    assert capsys.readouterr() == ("", "error: config.yaml: no key 'x'; remove it\n")


def test_a_bug_keeps_its_traceback():
    def main():
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        run_command_line(main)


def test_success_returns(capsys):
    run_command_line(lambda: print("done"))
    assert capsys.readouterr().out == "done\n"
