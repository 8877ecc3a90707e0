"""Asks cloud-init's own code. Input and output: one JSON document; see user-data.test.ts."""

import base64
import json
import logging
import sys

logging.disable(logging.CRITICAL)

from cloudinit import handlers, templater, user_data, util, version
from cloudinit.handlers import cloud_config, jinja_template


class Paths:
    """As much of cloud-init's directories as is asked for; nothing is written."""

    run_dir = "/nonexistent"

    def get_ipath(self, _name=None):
        return "/nonexistent"

    get_ipath_cur = get_cpath = get_runpath = get_ipath


def merged(parts):
    handler = cloud_config.CloudConfigPartHandler(Paths())
    handler.handle_part(None, handlers.CONTENT_START, None, None, None, None)
    for index, part in enumerate(parts):
        name = "part-%03d" % (index + 1)
        handler.handle_part(None, part["type"], name, part["content"], None, part.get("headers", {}))
    return handler.cloud_buf or {}


def expanded(document):
    message = user_data.UserDataProcessor(Paths()).process(base64.b64decode(document))
    found = []

    def take(_data, name, payload, headers):
        if isinstance(payload, str):
            payload = payload.encode("utf-8", "surrogateescape")
        found.append([headers["Content-Type"], name, base64.b64encode(payload).decode("ascii")])

    handlers.walk(message, take, None)
    return found


def rendered(question):
    # As for a part of user-data: names with "-" also have one with "_".
    instance_data = jinja_template.convert_jinja_instance_data(
        question["data"], include_key_aliases=True
    )
    try:
        return templater.render_string(question["template"], instance_data)
    except Exception:
        return None


def answer(question):
    if "template" in question:
        return rendered(question)
    if "document" in question:
        return expanded(question["document"])
    configs = [merged(layer) for layer in question["layers"]]
    try:
        return util.mergemanydict(configs)
    except (ImportError, LookupError, TypeError, ValueError):
        # cloud-init itself would end here.
        return None


questions = json.load(sys.stdin)
json.dump({"version": version.version_string(), "answers": [answer(one) for one in questions]}, sys.stdout)
