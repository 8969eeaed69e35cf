"""Mutants that read or update a key version wrongly."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.bundles import known, shown_version
from mhsm_model.exchange import (
    Call,
    CreateKey,
    Decrypt,
    DeletedKeyBundle,
    DeleteKey,
    Encrypt,
    GetKey,
    ImportKey,
    KeyBundle,
    Reply,
    Request,
    RequestedAttributes,
    Sign,
    UpdateKey,
    Verify,
)
from mhsm_model.generator import Step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.moments import Interval
from mhsm_model.state import NO_TAGS, Estate, KeyVersion
from mhsm_model.tables.key_operations import DEFAULTS
from mhsm_model.tables.key_types import Family
from mhsm_targets.mutants.kinds import wrong_memory, wrong_request, wrong_version
from mhsm_targets.mutants.mutant import wrong_call, wrong_reply, wrong_state
from mhsm_targets.mutants.parts import addressed, key_at, version_placed

__all__: list[str] = []

Before = KeyVersion | None


# --- reading --------------------------------------------------------------------------------------


@wrong_reply("KEY-214")
def deleted_key_has_the_oldest_version(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows a key that is deleted under the identifier of its oldest version."""
    request = call.request
    if not isinstance(request, DeleteKey) or not isinstance(reply, DeletedKeyBundle):
        return reply
    key = key_at(before, call.host, request.name)
    if key is None:
        return reply
    kid = replace(reply.bundle.kid, version=key.versions[0].version)
    return replace(reply, bundle=replace(reply.bundle, kid=kid))


@wrong_reply("KEY-210")
def old_versions_show_the_current_key(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows the current version's public key for every version."""
    request = call.request
    if not isinstance(request, GetKey) or not isinstance(reply, KeyBundle):
        return reply
    key = key_at(before, call.host, request.name)
    if key is None:
        return reply
    return replace(reply, public=before.materials[key.versions[-1].material].public)


@wrong_reply("KEY-211")
def operations_are_read_from_the_type(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows the default operations of its type for every key that is read."""
    if not isinstance(call.request, GetKey) or not isinstance(reply, KeyBundle):
        return reply
    return replace(reply, key_ops=tuple(sorted(DEFAULTS[Family(reply.kty)].always)))


@wrong_memory("KEY-211", UpdateKey)
def update_forgets_operations(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Answers with the operations sent and does not store them."""
    return after if before is None else replace(after, key_ops=before.key_ops)


@wrong_request("KEY-212", GetKey)
def every_version_is_the_current_one(request: GetKey) -> Request:
    """Reads the current version whichever is asked for."""
    return replace(request, version=None)


@wrong_call("KEY-212")
def the_oldest_version_is_current(call: Call, before: Estate) -> Call:
    """Reads the oldest version where none is named."""
    request = call.request
    if not isinstance(request, GetKey) or request.version is not None:
        return call
    key = key_at(before, call.host, request.name)
    if key is None:
        return call
    return replace(call, request=replace(request, version=key.versions[0].version))


@wrong_memory("ATTR-210", CreateKey, ImportKey)
def expiry_is_shown_and_not_stored(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Answers with nbf and exp of the request and does not store them."""
    return replace(after, not_before=None, expires=None)


@wrong_memory("ATTR-210", UpdateKey)
def update_forgets_enabled(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Answers that a version is disabled and leaves it enabled."""
    return after if before is None else replace(after, enabled=before.enabled)


@wrong_memory("ATTR-211", GetKey)
def reading_touches_updated(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Takes a read for a change, and remembers its time as updated."""
    return replace(after, updated=call.time)


@wrong_memory("ATTR-211", Sign, Verify, Encrypt, Decrypt)
def use_touches_updated(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Takes the use of a key for a change, and remembers its time as updated."""
    return replace(after, updated=call.time)


@wrong_memory("ATTR-211", UpdateKey)
def update_forgets_its_time(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Answers an update with its time and does not store that."""
    return after if before is None else replace(after, updated=before.updated)


@wrong_memory("ATTR-212", UpdateKey)
def update_forgets_tags(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Answers with the tags sent and does not store them."""
    return after if before is None else replace(after, tags=before.tags)


@wrong_reply("ATTR-212")
def tag_names_in_lower_case(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows the names of tags in lower case when a key is read."""
    if not isinstance(call.request, GetKey) or not isinstance(reply, KeyBundle) or not reply.tags:
        return reply
    return replace(reply, tags={name.lower(): value for name, value in reply.tags.items()})


@wrong_reply("ATTR-212")
def read_shows_empty_tags(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows an empty member tags for a key that is read and has none."""
    if not isinstance(call.request, GetKey) or not isinstance(reply, KeyBundle):
        return reply
    return replace(reply, tags=reply.tags or {})


@wrong_memory("SKR-210", UpdateKey)
def update_loses_the_policy(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Forgets the release policy at every update."""
    return replace(after, release_policy=None)


@wrong_memory("SKR-210", CreateKey)
def immutability_is_forgotten(call: Call, before: Before, after: KeyVersion) -> KeyVersion:
    """Answers that a release policy is immutable and stores that it is not."""
    if not isinstance(call.request, CreateKey) or call.request.release_policy is None:
        return after
    sent = call.request.release_policy
    return replace(after, release_policy=replace(sent, content_type=None, immutable=False))


# --- updating -------------------------------------------------------------------------------------


@wrong_call("KEY-230")
def update_adds_operations(call: Call, before: Estate) -> Call:
    """Permits the operations sent beside those permitted before."""
    request, present = call.request, addressed(before, call)
    if not isinstance(request, UpdateKey) or not request.key_ops or present is None:
        return call
    operations = {*request.key_ops, *(known(present.key_ops) or ())}
    return replace(call, request=replace(request, key_ops=tuple(sorted(operations))))


@wrong_request("KEY-230", UpdateKey)
def empty_operations_are_ignored(request: UpdateKey) -> Request:
    """Takes an empty list of operations for none sent."""
    return replace(request, key_ops=request.key_ops or None)


@wrong_version("KEY-230", UpdateKey)
def update_resets_operations(call: Call, before: Before, made: KeyVersion) -> KeyVersion:
    """Takes the operations away where none are sent."""
    sent = isinstance(call.request, UpdateKey) and call.request.key_ops is not None
    return made if sent else replace(made, key_ops=None)


@wrong_request("ATTR-012", UpdateKey)
def update_ignores_enabled(request: UpdateKey) -> Request:
    """Neither enables nor disables."""
    return replace(request, attributes=replace(request.attributes, enabled=None))


@wrong_version("ATTR-012", UpdateKey)
def update_drops_the_window(call: Call, before: Before, made: KeyVersion) -> KeyVersion:
    """Removes nbf and exp where they are not sent."""
    if not isinstance(call.request, UpdateKey):
        return made
    asked: RequestedAttributes = call.request.attributes
    return replace(made, not_before=asked.not_before, expires=asked.expires)


@wrong_version("ATTR-012", UpdateKey)
def update_enables(call: Call, before: Before, made: KeyVersion) -> KeyVersion:
    """Enables a version whose update does not say whether it is enabled."""
    if not isinstance(call.request, UpdateKey) or call.request.attributes.enabled is not None:
        return made
    return replace(made, enabled=True)


@wrong_state("ATTR-012")
def update_makes_exportable(call: Call, before: Estate, step: Step) -> Step:
    """Makes a version exportable at the word of an update."""
    request, version = call.request, addressed(before, call)
    if not isinstance(request, UpdateKey) or not request.attributes.exportable or version is None:
        return step
    made = replace(version, exportable=True)
    identifier = KeyIdentifier(call.host, request.name)
    configuration = before.instances[call.host].configuration
    shown = shown_version(identifier, made, before.materials[made.material], configuration)
    return replace(version_placed(step, call, made), reply=shown)


@wrong_call("ATTR-230")
def update_merges_tags(call: Call, before: Estate) -> Call:
    """Keeps the tags that are not sent beside those that are."""
    request, present = call.request, addressed(before, call)
    if not isinstance(request, UpdateKey) or not request.tags or present is None:
        return call
    merged = {**dict(known(present.tags)), **dict(request.tags)}
    return replace(call, request=replace(request, tags=merged))


@wrong_request("ATTR-230", UpdateKey)
def empty_tags_are_ignored(request: UpdateKey) -> Request:
    """Takes an empty object of tags for none sent."""
    return replace(request, tags=request.tags or None)


@wrong_version("ATTR-230", UpdateKey)
def update_drops_tags(call: Call, before: Before, made: KeyVersion) -> KeyVersion:
    """Removes the tags where none are sent."""
    sent = isinstance(call.request, UpdateKey) and call.request.tags is not None
    return made if sent else replace(made, tags=NO_TAGS)


@wrong_reply("ATTR-230")
def update_shows_empty_tags(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows an empty member tags after an update of a version that has none."""
    if not isinstance(call.request, UpdateKey) or not isinstance(reply, KeyBundle):
        return reply
    return reply if reply.tags else replace(reply, tags={})


@wrong_version("ATTR-231", UpdateKey)
def update_keeps_its_time(call: Call, before: Before, made: KeyVersion) -> KeyVersion:
    """Leaves updated as it was."""
    return made if before is None else replace(made, updated=before.updated)


@wrong_version("ATTR-231", UpdateKey)
def update_moves_created(call: Call, before: Before, made: KeyVersion) -> KeyVersion:
    """Shows the time of the update as created too."""
    return replace(made, created=Interval(made.updated.earliest, made.updated.earliest))


@wrong_request("SKR-230", UpdateKey)
def policy_is_never_replaced(request: UpdateKey) -> Request:
    """Keeps the release policy a key was made with."""
    return replace(request, release_policy=None)


@wrong_version("SKR-230", UpdateKey)
def update_drops_the_policy(call: Call, before: Before, made: KeyVersion) -> KeyVersion:
    """Removes the release policy where none is sent."""
    sent = isinstance(call.request, UpdateKey) and call.request.release_policy is not None
    return made if sent else replace(made, release_policy=None)
