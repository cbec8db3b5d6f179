"""Publishes a checkpoint on the Hugging Face hub, with a card that says what is known of it.

python -m sfsign_jax.publish CHECKPOINT OWNER/NAME --license cc-by-nc-sa-4.0

Others then load it as hf://OWNER/NAME. The card has the word error rates that `evaluate` has
written beside the checkpoint. Published again, the newer one takes its place, and the older one
stays in its history.
"""

import argparse
from pathlib import Path

from sfsign_jax.command_line.run import run_command_line


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.publish",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("checkpoint", type=Path, metavar="CHECKPOINT", help="a checkpoint folder")
    add("name", metavar="OWNER/NAME", help="of the model on the hub")
    add("--license", metavar="ID", help="in the hub's words; needed unless --private is given")
    add("--private", action="store_true", help="for you and your organisation alone")
    arguments = parser.parse_args()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.sharing.publishing import publish

    done = publish(arguments.checkpoint, arguments.name, arguments.license, arguments.private)
    print(f"{done.url}: {'private' if done.private else 'public'}, revision {done.revision}")
    for result in done.results:
        rate = next(iter(result.heads.values()))["rate"]
        print(f"  its card says: WER {rate:.2f} % on {result.dataset} {result.split}")
    if not done.results:
        print("  its card says no WER: python -m sfsign_jax.evaluate --checkpoint … measures it")
    print(f'  sfsign_jax.load("{done.name}")')


if __name__ == "__main__":
    run_command_line(main)
