"""
Auth's administration: users, invitations, links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote
from uuid import UUID

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.service import Ask
from masterops.sandbox.supabase import keys, problems

if TYPE_CHECKING:
    from masterops.sandbox.supabase.project import Project

PREFIX = "/auth/v1"
NEWER = "2024-01-01"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LINKS = ("signup", "invite", "magiclink", "recovery", "email_change_current", "email_change_new")
USUAL = 50
TAKEN = "A user with this email address has already been registered"


def answer(project: Project, ask: Ask) -> Answer:
    """The answer to a request. Raises Refusal."""
    newer = ask.headers.get("X-Supabase-Api-Version", "") >= NEWER
    path = [unquote(part) for part in ask.path.removeprefix(PREFIX).strip("/").split("/")]
    if path == ["health"]:
        return json_answer(200, {"name": "GoTrue", "version": "v2.186.0", "description": "GoTrue"})
    _admin(project, ask, newer)
    try:
        body = problems.body_object(ask.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = "Could not parse request body as JSON"
        raise problems.auth(400, "bad_json", message, newer=newer) from None
    match (ask.method, path):
        case ("GET", ["admin", "users"]):
            return _listed(project, ask.query)
        case ("POST", ["admin", "users"]):
            return json_answer(200, _shown(added(project, body, newer=newer)))
        case ("POST", ["invite"]):
            made = added(project, {**body, "invited": True}, newer=newer)
            return json_answer(200, _shown(made))
        case ("POST", ["admin", "generate_link"]):
            return _link(project, body, newer)
        case (_, ["admin", "users", id]):
            return _one(project, ask.method, _id(id, newer), body, newer)
    raise problems.gateway(404, "404 page not found")


def added(project: Project, given: Mapping[str, Any], *, newer: bool = False) -> dict[str, Any]:
    """A new user. Raises Refusal."""
    email = str(given.get("email") or "").lower()
    phone = str(given.get("phone") or "")
    if not email and not phone:
        message = "Cannot create a user without either an email or phone"
        raise problems.auth(400, "validation_failed", message, newer=newer)
    if email and not EMAIL.fullmatch(email):
        message = "Unable to validate email address: invalid format"
        raise problems.auth(400, "validation_failed", message, newer=newer)
    _free(project, email, newer)
    now = project.now()
    user: dict[str, Any] = {
        "id": str(given.get("id") or project.uuid()),
        "aud": "authenticated",
        "role": given.get("role") or "authenticated",
        "email": email,
        "phone": phone,
        "app_metadata": {"provider": "email", "providers": ["email"], **_object(given, "app_metadata")},
        "user_metadata": _object(given, "user_metadata") or _object(given, "data"),
        "email_confirmed_at": now if given.get("email_confirm") else None,
        "invited_at": now if given.get("invited") else None,
        "created_at": now,
        "updated_at": now,
        "banned_until": None,
    }
    project.users[user["id"]] = user
    return user


def _admin(project: Project, ask: Ask, newer: bool) -> None:
    """Only the service role may. Raises Refusal."""
    bearer = ask.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    role = ask.caller.app
    if bearer and bearer != ask.headers.get("apikey", ""):
        try:
            role = keys.claims_of(bearer, project.business, project.clock.now()).get("role", "")
        except keys.BadToken as error:
            message = f"invalid JWT: unable to parse or verify signature, {error.message}"
            raise problems.auth(403, "bad_jwt", message, newer=newer) from None
    if role != "service_role":
        raise problems.auth(403, "not_admin", "User not allowed", newer=newer)


def _listed(project: Project, query: str) -> Answer:
    asked = dict(parse_qsl(query))
    page, size = (_number(asked.get(name, ""), usual) for name, usual in (("page", 1), ("per_page", USUAL)))
    users = list(project.users.values())
    shown = [_shown(each) for each in users[(page - 1) * size : page * size]]
    headers = {"X-Total-Count": str(len(users))}
    return json_answer(200, {"users": shown, "aud": "authenticated"}, headers)


def _one(project: Project, method: str, id: str, body: Mapping[str, Any], newer: bool) -> Answer:
    user = project.users.get(id)
    if user is None:
        raise problems.auth(404, "user_not_found", "User not found", newer=newer)
    if method == "GET":
        return json_answer(200, _shown(user))
    if method == "DELETE":
        if body.get("should_soft_delete"):
            user |= {"email": "", "phone": "", "user_metadata": {}, "deleted_at": project.now()}
        else:
            del project.users[id]
        return json_answer(200, {})
    if method != "PUT":
        raise problems.gateway(405, "method not allowed")
    email = str(body.get("email") or user["email"]).lower()
    if email != user["email"]:
        _free(project, email, newer)
    for name in ("app_metadata", "user_metadata"):
        merged = {**user[name], **_object(body, name)}
        user[name] = {each: value for each, value in merged.items() if value is not None}
    user |= {"email": email, "updated_at": project.now()}
    if body.get("email_confirm"):
        user["email_confirmed_at"] = project.now()
    if body.get("role"):
        user["role"] = body["role"]
    return json_answer(200, _shown(user))


def _link(project: Project, body: Mapping[str, Any], newer: bool) -> Answer:
    kind, email = body.get("type"), str(body.get("email") or "").lower()
    if kind not in LINKS:
        message = f"Invalid email action link type requested: {kind}"
        raise problems.auth(400, "validation_failed", message, newer=newer)
    known = next((each for each in project.users.values() if each["email"] == email), None)
    if known is None and kind not in ("signup", "invite", "magiclink"):
        raise problems.auth(404, "user_not_found", "User with this email not found", newer=newer)
    user = known or added(project, body, newer=newer)
    project.links += 1
    hashed = project.token()
    shown = {
        "action_link": f"https://{keys.ref_of(project.business)}.example/auth/v1/verify?token={hashed}&type={kind}",
        "email_otp": f"{project.links:06d}",
        "hashed_token": hashed,
        "verification_type": kind,
        "redirect_to": str(body.get("redirect_to") or ""),
    }
    return json_answer(200, _shown(user) | shown)


def _free(project: Project, email: str, newer: bool) -> None:
    if email and any(each["email"] == email for each in project.users.values()):
        raise problems.auth(422, "email_exists", TAKEN, newer=newer)


def _shown(user: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if value is not None}


def _id(text: str, newer: bool) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        message = "user_id must be an UUID"
        raise problems.auth(404, "validation_failed", message, newer=newer) from None


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    return dict(value) if isinstance(value, dict) else {}


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 9 and int(text) else otherwise
