"""Answers, for as long as it is asked, what `cloud-init schema` says of a text.

A question is a line of JSON: {"data": base64, "kind": null or "network-config"}; so is an answer: {"valid", "message"}.
"""

import atexit
import base64
import contextlib
import functools
import io
import json
import logging
import os
import sys
import types

from cloudinit.config import schema

# The directory is that of every clone whose tests run on this machine, at once perhaps.
PATH = f"/tmp/asked-{os.getpid()}"
atexit.register(lambda: os.path.exists(PATH) and os.unlink(PATH))
# The rules are read from a file each time; nothing changes them.
schema.get_schema = functools.lru_cache(schema.get_schema)
logging.disable(logging.CRITICAL)
# Looking for this machine's datasource is what takes the command its time: once is enough.
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    open(PATH, "wb").close()
    nothing = types.SimpleNamespace(config_file=PATH, schema_type=None, instance_data=None)
    INSTANCE_DATA, _ = schema.get_config_paths_from_args(nothing)
FOUND = schema.read_cfg_paths()
schema.read_cfg_paths = lambda **_: FOUND


def judge(data, kind):
    with open(PATH, "wb") as file:
        file.write(data)
    arguments = types.SimpleNamespace(
        config_file=PATH, system=False, schema_type=kind, annotate=False, instance_data=INSTANCE_DATA
    )
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            schema.handle_schema_args("schema", arguments)
        return True, said.getvalue()
    except SystemExit as end:
        return end.code in (None, 0), said.getvalue()
    except Exception as error:  # the command itself would end with a traceback and exit code 1
        return False, said.getvalue() + repr(error)


for line in sys.stdin:
    question = json.loads(line)
    valid, message = judge(base64.b64decode(question["data"]), question["kind"])
    print(json.dumps({"valid": valid, "message": message[:2000]}), flush=True)
