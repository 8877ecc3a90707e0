"""Makes TUF repositories with python-tuf, as files for a web server: one for each scenario, below the directory that is named."""

import json
import os
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

ROLES = ("root", "timestamp", "snapshot", "targets")
NOW = datetime.now(timezone.utc).replace(microsecond=0)
KINDS = {
    "ed25519": CryptoSigner.generate_ed25519,
    "ecdsa": CryptoSigner.generate_ecdsa,
    "rsa": CryptoSigner.generate_rsa,
    "rsa-pkcs1v15": lambda: CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256"),
}


class Repository:
    """What is published stays; each publication of a role has the next version."""

    def __init__(self, directory, kind="ed25519", days=30, with_hashes=False, compact=True):
        self.directory = directory
        self.with_hashes = with_hashes
        self.serializer = JSONSerializer(compact=compact)
        expires = NOW + timedelta(days=days)
        self.signed = {
            "root": Root(expires=expires),
            "timestamp": Timestamp(expires=expires),
            "snapshot": Snapshot(expires=expires),
            "targets": Targets(expires=expires),
        }
        self.signers = {role: [KINDS[kind]()] for role in ROLES}
        for role in ROLES:
            self.signed["root"].add_key(self.signers[role][0].public_key, role)
        for folder in ("metadata", "targets"):
            os.makedirs(os.path.join(directory, folder))
        self.published = {}

    def add_signer(self, role, signer):
        self.signed["root"].add_key(signer.public_key, role)
        self.signers[role].append(signer)

    def publish(self, *roles):
        for role in roles:
            signed = self.signed[role]
            if role in self.published:
                signed.version += 1
            metadata = Metadata(signed)
            for signer in self.signers[role]:
                metadata.sign(signer, append=True)
            self.put(role, metadata.to_bytes(self.serializer))

    def put(self, role, content):
        version = self.signed[role].version
        self.published[role] = content
        name = "timestamp.json" if role == "timestamp" else f"{version}.{quote(role, '')}.json"
        with open(os.path.join(self.directory, "metadata", name), "wb") as file:
            file.write(content)
        if role == "snapshot":
            self.signed["timestamp"].snapshot_meta = self.meta(role)
        elif role not in ("root", "timestamp"):
            self.signed["snapshot"].meta[f"{role}.json"] = self.meta(role)

    def meta(self, role):
        version = self.signed[role].version
        if not self.with_hashes:
            return MetaFile(version)
        described = TargetFile.from_data(role, self.published[role], ["sha256"])
        return MetaFile(version, described.length, described.hashes)

    def publish_all(self, *delegated):
        self.publish(*delegated, "targets", "snapshot", "timestamp", "root")

    def delegate(self, role, paths, kind="ed25519"):
        targets = self.signed["targets"]
        if targets.delegations is None:
            targets.delegations = Delegations({}, roles={})
        targets.delegations.roles[role] = DelegatedRole(role, [], 1, False, paths)
        signer = KINDS[kind]()
        targets.add_key(signer.public_key, role)
        self.signers[role] = [signer]
        self.signed[role] = Targets(expires=NOW + timedelta(days=30))

    def add(self, role, path, content, hashes=("sha256",)):
        target = TargetFile.from_data(path, content, list(hashes))
        self.signed[role].targets[path] = target
        folder, _, name = path.rpartition("/")
        directory = os.path.join(self.directory, "targets", folder)
        os.makedirs(directory, exist_ok=True)
        for digest in target.hashes.values():
            with open(os.path.join(directory, f"{digest}.{name}"), "wb") as file:
                file.write(content)


def keys(directory, kind):
    """Every role is signed by that kind of key, and the second root by two."""
    repository = Repository(directory, kind)
    repository.add("targets", "file", kind.encode())
    repository.publish_all()
    repository.add_signer("root", KINDS[kind]())
    repository.signed["root"].roles["root"].threshold = 2
    repository.publish("root")


def broken_keys(directory, kind):
    """As that, but one of the second root's two signatures is of another key."""
    repository = Repository(directory, kind)
    repository.publish_all()
    second = KINDS[kind]()
    repository.add_signer("root", second)
    repository.signed["root"].roles["root"].threshold = 2
    repository.publish("root")
    document = json.loads(repository.published["root"])
    stranger = KINDS[kind]().sign(b"something else")
    for signature in document["signatures"]:
        if signature["keyid"] == second.public_key.keyid:
            signature["sig"] = stranger.signature
    repository.put("root", json.dumps(document).encode())


def everything(directory):
    """Hashes, lengths, fields of its own, targets with several digests, folders and delegations."""
    repository = Repository(directory, with_hashes=True, compact=False)
    repository.signed["root"].unrecognized_fields["custom-field"] = {"ü": [1, None, True]}
    repository.signed["timestamp"].unrecognized_fields["x-note"] = "\u2028 \\ \""
    signer = KINDS["ecdsa"]()
    signer.public_key.unrecognized_fields["keyid_hash_algorithms"] = ["md5"]
    repository.add_signer("snapshot", signer)
    repository.add("targets", "a/folder/file.txt", b"in a folder", ("sha256", "sha512"))
    repository.add("targets", "long", b"with SHA-512", ("sha512",))
    roles = {"?": "q", "#": "h", "/delegatedrole": "s", "../delegatedrole": "d"}
    for role, folder in roles.items():
        repository.delegate(role, [f"{folder}/*"], "ecdsa")
        repository.add(role, f"{folder}/file", f"of {role}".encode())
    repository.publish_all(*roles)


def bins(directory):
    """Delegated by the hash of paths."""
    repository = Repository(directory)
    signer = KINDS["ed25519"]()
    succinct = SuccinctRoles([], 1, 3, "bin")
    repository.signed["targets"].delegations = Delegations({}, None, succinct)
    repository.signed["targets"].add_key(signer.public_key)
    names = list(succinct.get_roles())
    for name in names:
        repository.signed[name] = Targets(expires=NOW + timedelta(days=30))
        repository.signers[name] = [signer]
    for path in ("one", "two", "three/four"):
        repository.add(succinct.get_role_for_target(path), path, path.encode())
    repository.publish_all(*names)


def rotation(directory):
    """The root's keys change with each of its versions, and the timestamp's with the last."""
    repository = Repository(directory)
    repository.publish_all()
    root = repository.signed["root"]
    for _ in range(4):
        before = repository.signers["root"][-1]
        after = KINDS["ecdsa"]()
        root.revoke_key(before.public_key.keyid, "root")
        repository.signers["root"] = [before]
        repository.add_signer("root", after)
        repository.publish("root")
    old = repository.signers["timestamp"].pop()
    root.revoke_key(old.public_key.keyid, "timestamp")
    repository.add_signer("timestamp", KINDS["rsa"]())
    repository.publish("root", "timestamp")


def short(directory):
    """Its root is good for a week."""
    repository = Repository(directory)
    repository.signed["root"].expires = NOW + timedelta(days=7)
    repository.publish_all()


def main(directory):
    for kind in KINDS:
        keys(os.path.join(directory, kind), kind)
        broken_keys(os.path.join(directory, f"broken-{kind}"), kind)
    for make in (everything, bins, rotation, short):
        make(os.path.join(directory, make.__name__))


main(sys.argv[1])
