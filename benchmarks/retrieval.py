"""Retrieval compared with what libraries offer, and as the number of passages grows.

Run: python -m benchmarks.retrieval compare
     python -m benchmarks.retrieval scale [--up-to 1000000]
     python -m benchmarks.retrieval kinds [--count 1000000]
     python -m benchmarks.retrieval build
"""

import argparse

from benchmarks.machine import machine


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    parts.add_parser("compare", help="ours beside rank_bm25, bm25s, TF-IDF and the encoder alone")
    scale = parts.add_parser("scale", help="vector and lexical search at 1k, 10k, 100k, 1M passages")
    scale.add_argument("--up-to", type=int, default=1_000_000)
    kinds = parts.add_parser("kinds", help="other kinds of vector index at one size")
    kinds.add_argument("--count", type=int, default=1_000_000)
    parts.add_parser("build", help="from content files to an engine that is ready")
    chosen = parser.parse_args()
    print(f"machine: {machine()}\n")
    # Loaded when chosen, for each measures its own memory and start.
    match chosen.part:
        case "compare":
            from benchmarks.retrieval_compare import compare

            compare()
        case "scale":
            from benchmarks.retrieval_scale import scale_up

            scale_up(chosen.up_to)
        case "kinds":
            from benchmarks.retrieval_kinds import compare_kinds

            compare_kinds(chosen.count)
        case "build":
            from benchmarks.retrieval_build import measure_build

            measure_build()


if __name__ == "__main__":
    main()
