"""Oracle: glibc's own account of the memory that it has."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc only")

# A block as large as the temporaries of a program is taken and freed.
CODE = """
import ctypes, json, sys, threading
import jax
from sfsign_jax.runtime import memory

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
Account = type("Account", (ctypes.Structure,), {"_fields_": [(n, ctypes.c_size_t) for n in names]})
libc.mallinfo2.restype = Account

def megabytes():  # of the heap, and mapped one by one
    account = libc.mallinfo2()
    return account.arena >> 20, account.hblkhd >> 20

if sys.argv[1] == "keep":
    memory.keep_freed_memory()
told = {"before": megabytes()}
block = libc.malloc(200 << 20)
told["held"] = megabytes()
libc.free(block)
told["freed"] = megabytes()
jax.config.update("jax_platforms", "cpu")
memory.give_back_freed_memory()
told["given back"] = megabytes()
print(json.dumps(told))
"""


def account(keep):
    command = [sys.executable, "-c", CODE, "keep" if keep else "leave"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(output)


def test_freed_memory_is_kept_until_it_is_given_back():
    told = account(keep=True)
    heap, mapped = told["before"]
    assert told["held"][0] >= heap + 199
    assert told["held"][1] == mapped
    assert told["freed"] == told["held"]
    assert told["given back"][0] < heap + 100


def test_else_it_goes_back_at_once():
    told = account(keep=False)
    heap, mapped = told["before"]
    assert told["held"][1] >= mapped + 199
    assert told["freed"] == [heap, mapped]
