"""
Storage: buckets and files, in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.service import Ask
from masterops.sandbox.supabase import problems
from masterops.sandbox.supabase.files import Bucket, Stored
from masterops.sandbox.supabase.problems import Refusal

if TYPE_CHECKING:
    from masterops.sandbox.supabase.project import Project

PREFIX = "/storage/v1"
USUAL = 100


def answer(project: Project, ask: Ask) -> Answer:
    """The answer to a request. Raises Refusal."""
    if ask.caller.app != "service_role":
        raise problems.storage(403, "Unauthorized", "new row violates row-level security policy")
    parts = [unquote(part) for part in ask.path.removeprefix(PREFIX).strip("/").split("/")]
    match (ask.method, parts):
        case ("GET", ["bucket"]):
            return json_answer(200, [_bucket_shown(each) for each in project.buckets.values()])
        case ("POST", ["bucket"]):
            return json_answer(200, {"name": made(project, _body(ask)).id})
        case (_, ["bucket", id, *rest]):
            return _bucket(project, ask.method, id, rest)
        case ("POST", ["object", "list", id]):
            return _listed(_found(project, id), _body(ask))
        case ("POST", ["object", "sign", id, *path]):
            return _signed(project, _found(project, id), "/".join(path), _body(ask))
        case ("GET", ["object", "info", id, *path]):
            return _info(_file(_found(project, id), "/".join(path)), "/".join(path))
        case ("DELETE", ["object", id]):
            return _removed(_found(project, id), _body(ask))
        case (_, ["object", id, *path]) if path:
            return _object(project, ask, _found(project, id), "/".join(path))
    raise Refusal(
        404,
        {"message": f"Route {ask.method}:{ask.path} not found", "error": "Not Found", "statusCode": "404"},
    )


def made(project: Project, given: Mapping[str, Any]) -> Bucket:
    """A new bucket. Raises Refusal."""
    id = str(given.get("id") or given.get("name") or "")
    if not id:
        raise problems.storage(400, "InvalidRequest", "body must have required property 'name'")
    if id in project.buckets:
        raise problems.storage(409, "Duplicate", "The resource already exists")
    project.buckets[id] = Bucket(
        id,
        bool(given.get("public")),
        project.now(),
        given.get("file_size_limit"),
        given.get("allowed_mime_types"),
    )
    return project.buckets[id]


def opened(project: Project, path: str, query: str) -> Answer | None:
    """The file of a signed address, for whoever has it; None where this project signed none such."""
    token = query.removeprefix("token=")
    signed = project.signed.get(token)
    if signed is None:
        return None
    bucket, name, ends = signed
    wanted = unquote(path.removeprefix(f"{PREFIX}/object/sign/"))
    if wanted != f"{bucket}/{name}" or ends < project.clock.now().timestamp():
        return problems.storage(400, "InvalidJWT", '"exp" claim timestamp check failed').answer()
    try:
        return _sent(_file(_found(project, bucket), name))
    except Refusal as refusal:
        return refusal.answer()


def _bucket(project: Project, method: str, id: str, rest: list[str]) -> Answer:
    bucket = _found(project, id)
    match (method, rest):
        case ("GET", []):
            return json_answer(200, _bucket_shown(bucket))
        case ("POST", ["empty"]):
            bucket.files.clear()
            return json_answer(200, {"message": "Successfully emptied"})
        case ("DELETE", []):
            if bucket.files:
                message = "The bucket you tried to delete is not empty"
                raise problems.storage(409, "InvalidRequest", message)
            del project.buckets[id]
            return json_answer(200, {"message": "Successfully deleted"})
    raise problems.storage(405, "InvalidRequest", "method not allowed")


def _object(project: Project, ask: Ask, bucket: Bucket, path: str) -> Answer:
    if ask.method == "GET":
        return _sent(_file(bucket, path))
    if ask.method not in ("POST", "PUT"):
        raise problems.storage(405, "InvalidRequest", "method not allowed")
    replaces = ask.method == "PUT" or ask.headers.get("x-upsert") == "true"
    if path in bucket.files and not replaces:
        raise problems.storage(409, "Duplicate", "The resource already exists")
    most = bucket.file_size_limit or project.traits.largest_file
    if len(ask.body) > most:
        raise problems.storage(413, "Payload too large", "The object exceeded the maximum allowed size")
    kind = ask.content_type.partition(";")[0]
    if bucket.allowed_mime_types and kind not in bucket.allowed_mime_types:
        raise problems.storage(415, "invalid_mime_type", f"mime type {kind} is not supported")
    kept = bucket.files[path] = Stored(project.uuid(), ask.body, kind, project.now())
    return json_answer(200, {"Id": kept.id, "Key": f"{bucket.id}/{path}"})


def _listed(bucket: Bucket, asked: Mapping[str, Any]) -> Answer:
    """One folder: its files, and the folders in it, which have no id."""
    prefix = str(asked.get("prefix") or "").strip("/")
    start = f"{prefix}/" if prefix else ""
    found: dict[str, dict[str, Any]] = {}
    for path, file in bucket.files.items():
        if path.startswith(start):
            name, slash, _ = path[len(start) :].partition("/")
            found[name] = {"name": name, "id": None, "metadata": None} if slash else _shown(name, file)
    limit, offset = int(asked.get("limit") or USUAL), int(asked.get("offset") or 0)
    return json_answer(200, [found[name] for name in sorted(found)][offset : offset + limit])


def _removed(bucket: Bucket, asked: Mapping[str, Any]) -> Answer:
    paths = asked.get("prefixes")
    gone = [
        _shown(path, file)
        for path in (paths if isinstance(paths, list) else [])
        if (file := bucket.files.pop(str(path), None)) is not None
    ]
    return json_answer(200, gone)


def _signed(project: Project, bucket: Bucket, path: str, asked: Mapping[str, Any]) -> Answer:
    _file(bucket, path)
    token = project.token()
    ends = project.clock.now().timestamp() + float(asked.get("expiresIn") or 60)
    project.signed[token] = (bucket.id, path, ends)
    return json_answer(200, {"signedURL": f"/object/sign/{quote(f'{bucket.id}/{path}')}?token={token}"})


def _info(file: Stored, path: str) -> Answer:
    shown = {
        "id": file.id,
        "name": path,
        "size": len(file.data),
        "content_type": file.media_type,
        "created_at": file.at,
    }
    return json_answer(200, shown)


def _sent(file: Stored) -> Answer:
    return Answer(200, file.data, {"Content-Type": file.media_type})


def _found(project: Project, id: str) -> Bucket:
    if id not in project.buckets:
        raise problems.storage(404, "Bucket not found", "Bucket not found")
    return project.buckets[id]


def _file(bucket: Bucket, path: str) -> Stored:
    if path not in bucket.files:
        raise problems.storage(404, "not_found", "Object not found")
    return bucket.files[path]


def _shown(name: str, file: Stored) -> dict[str, Any]:
    metadata = {"size": len(file.data), "mimetype": file.media_type}
    return {"name": name, "id": file.id, "created_at": file.at, "updated_at": file.at, "metadata": metadata}


def _bucket_shown(bucket: Bucket) -> dict[str, Any]:
    return {
        "id": bucket.id,
        "name": bucket.id,
        "public": bucket.public,
        "file_size_limit": bucket.file_size_limit,
        "allowed_mime_types": bucket.allowed_mime_types,
        "created_at": bucket.at,
        "updated_at": bucket.at,
    }


def _body(ask: Ask) -> dict[str, Any]:
    try:
        return problems.body_object(ask.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise problems.storage(400, "InvalidRequest", "body must be object") from None
