"""Oracle: programs written out by hand, whose kernels and bytes can be counted on paper."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from hlo import Account, account_of, bytes_of

# One product of 8 rows; a loop of five rounds, in each of which a fusion reads one row of 4 numbers
# of an array of 8 rows and writes it into another such array.
PROGRAM = """HloModule jit_f, is_scheduled=true

%fused_row (param_0.1: f32[8,4], param_1: s32[], param_2: f32[8,4]) -> f32[8,4] {
  %param_2 = f32[8,4]{1,0} parameter(2)
  %param_0.1 = f32[8,4]{1,0} parameter(0)
  %param_1 = s32[] parameter(1)
  %zero = s32[] constant(0)
  %row = f32[1,4]{1,0} dynamic-slice(%param_0.1, %param_1, %zero), dynamic_slice_sizes={1,4}
  ROOT %updated = f32[8,4]{1,0} dynamic-update-slice(%param_2, %row, %param_1, %zero)
}

%body (arg: (s32[], f32[8,4], f32[8,4])) -> (s32[], f32[8,4], f32[8,4]) {
  %arg = (s32[], f32[8,4]{1,0}, f32[8,4]{1,0}) parameter(0)
  %i = s32[] get-tuple-element(%arg), index=0
  %from = f32[8,4]{1,0} get-tuple-element(%arg), index=1
  %to = f32[8,4]{1,0} get-tuple-element(%arg), index=2
  %next = f32[8,4]{1,0} fusion(%from, %i, %to), kind=kLoop, calls=%fused_row
  ROOT %out = (s32[], f32[8,4]{1,0}, f32[8,4]{1,0}) tuple(%i, %from, %next)
}

ENTRY %main (x: f32[8,16], k: bf16[16,4]) -> f32[8,4] {
  %x = f32[8,16]{1,0} parameter(0)
  %k = bf16[16,4]{1,0} parameter(1)
  %product = f32[8,4]{1,0} custom-call(%x, %k), custom_call_target="gemm"
  %summed = f32[8,4]{1,0} all-reduce(%product), to_apply=%add
  %init = (s32[], f32[8,4]{1,0}, f32[8,4]{1,0}) tuple(%zero, %summed, %product)
  %loop = (s32[], f32[8,4]{1,0}, f32[8,4]{1,0}) while(%init), condition=%c, body=%body, backend_config={"known_trip_count":{"n":"5"}}
  ROOT %result = f32[8,4]{1,0} get-tuple-element(%loop), index=2
}
"""  # noqa: E501


def test_a_loops_body_is_counted_once_and_runs_five_times():
    product = 8 * 16 * 4 + 16 * 4 * 2 + 8 * 4 * 4
    summed = 2 * 8 * 4 * 4
    row = 4 * 4 + 4 + 4 * 4  # of the one array, where, into the other array
    assert account_of(PROGRAM) == Account(3, 2 + 5, product + summed + 5 * row, 1)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("f32[2,3]{1,0}", 24),
        ("pred[]", 1),
        ("(bf16[4]{0:T(8,128)(2,1)}, s8[3]{0})", 11),
        ("f8e4m3fn[16]", 16),
        ("token[]", 0),
    ],
)
def test_bytes(shape, expected):
    assert bytes_of(shape) == expected
