# SPDX-License-Identifier: MIT
"""The schema in ngmt-protocol(7), read from the manual itself (its NOTATION), and the judge of messages by it.

    protocol = Protocol()
    protocol.check_result("show", {"what": "summary"}, result)    # raises Mismatch
    protocol.methods["show"].access                               # "look"
"""
import re

from ngmt import source_root

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+\.\d+)|(-?\d+)|([A-Za-z][\w.]*)|([{}\[\],:?|]))')
# A lone text of this form is meant literally, any other one is an example.
LITERAL = re.compile(r"[a-z][a-z-]*")
WORDS = {"text": str, "sentence": str, "path": str, "name": str, "id": str, "time": str, "integer": int,
         "number": (int, float), "boolean": bool, "object": dict, "any": object}


class Mismatch(Exception):
    """A message that is not as the manual says."""


class Manual(Exception):
    """The manual cannot be read."""


# -- types ------------------------------------------------------------------------------------------------------------


class Word:
    def __init__(self, word, is_nullable=False):
        if word not in WORDS:
            raise Manual(f'"{word}" is no type')
        self.word = word
        self.is_nullable = is_nullable

    def check(self, value, where, scope):
        if value is None and self.is_nullable:
            return
        is_odd_bool = isinstance(value, bool) and self.word in ("integer", "number")
        if not isinstance(value, WORDS[self.word]) or is_odd_bool:
            raise Mismatch(f"{where}: {value!r} is no {self.word}")
        if self.word == "time" and not TIME.fullmatch(value):
            raise Mismatch(f"{where}: {value!r} is no time (RFC 3339, UTC, Z)")


class Constant:
    def __init__(self, value):
        self.value = value

    def check(self, value, where, scope):
        if value != self.value or type(value) is not type(self.value):
            raise Mismatch(f"{where}: {value!r} is not {self.value!r}")


class Either:
    def __init__(self, types):
        self.types = types

    def check(self, value, where, scope):
        problems = []
        for one in self.types:
            try:
                return one.check(value, where, scope)
            except Mismatch as problem:
                problems.append(str(problem))
        raise Mismatch(" or ".join(sorted(set(problems))))


class List:
    def __init__(self, item):
        self.item = item

    def check(self, value, where, scope):
        if not isinstance(value, list):
            raise Mismatch(f"{where}: {value!r} is no list")
        for number, one in enumerate(value):
            self.item.check(one, f"{where}[{number}]", scope)


class Object:
    def __init__(self, members):
        self.members = members  # name -> (type, is optional)

    def check(self, value, where, scope):
        if not isinstance(value, dict):
            raise Mismatch(f"{where}: {value!r} is no object")
        for name in value:
            if name not in self.members:
                raise Mismatch(f'{where}: "{name}" is not in the manual')
        for name, (kind, is_optional) in self.members.items():
            if name in value:
                kind.check(value[name], f"{where}.{name}", scope)
            elif not is_optional:
                raise Mismatch(f'{where}: "{name}" is missing')


class Reference:
    """A name in capitals, or "params" or "result" of a method."""

    def __init__(self, name):
        self.name = name

    def check(self, value, where, scope):
        scope.resolve(self.name).check(value, where, scope)


class Both:
    """Objects whose members are put together."""

    def __init__(self, parts):
        self.parts = parts

    def choices(self, scope):
        """A part may be one of several objects: all that can come of it."""
        found = [{}]
        for part in self.parts:
            found = [{**members, **more} for members in found for more in self._of(part, scope)]
        return found

    def _of(self, part, scope):
        while isinstance(part, Reference):
            part = scope.resolve(part.name)
        if isinstance(part, Either):
            return [members for one in part.types for members in self._of(one, scope)]
        return part.choices(scope) if isinstance(part, Both) else [part.members]

    def check(self, value, where, scope):
        Either([Object(members) for members in self.choices(scope)]).check(value, where, scope)


def by_name(name):
    """The type of a member of which only the name is written."""
    if name.endswith("_cents"):
        return Word("integer", True)
    if name == "at" or name.endswith("_at"):
        return Word("time", True)
    return Word("text", True)


# -- the parser -------------------------------------------------------------------------------------------------------


class Parser:
    def __init__(self, text):
        self.text = text
        self.tokens = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise Manual(f"not understood: {text[at:at + 60]!r}")
            self.tokens.append(match[0].strip())
            at = match.end()

    def peek(self):
        return self.tokens[0] if self.tokens else None

    def take(self, wanted=None):
        token = self.tokens.pop(0) if self.tokens else None
        if wanted and token != wanted:
            raise Manual(f"{wanted} wanted, not {token}, before {' '.join(self.tokens[:8])} in {self.text[:200]}")
        return token

    def whole(self):
        parts = [self.type()]
        while self.peek() == "and":
            self.take()
            parts.append(self.type())
        if self.tokens:
            raise Manual(f"too much: {' '.join(self.tokens[:8])} in {self.text[:200]}")
        return parts[0] if len(parts) == 1 else Both(parts)

    def type(self):
        options = [self.single()]
        while self.peek() == "|":
            self.take()
            options.append(self.single())
        if len(options) == 1:
            only = options[0]
            if isinstance(only, Constant) and isinstance(only.value, bool):
                return Word("boolean")
            if isinstance(only, Constant) and isinstance(only.value, str) and not LITERAL.fullmatch(only.value):
                return Word("text")
            return only
        texts = [o for o in options if isinstance(o, Constant) and isinstance(o.value, str)]
        others = [o for o in options if o not in texts]
        # "null | X": an example too, if it is not one of several.
        if len(texts) == 1 and not LITERAL.fullmatch(texts[0].value):
            return Either(others + [Word("text")])
        return Either([Word("boolean") if isinstance(o, Constant) and isinstance(o.value, bool) and len(options) == 2
                       and any(isinstance(p, Constant) and p.value is None for p in options) else o for o in options])

    def single(self):
        token = self.peek()
        if token == "{":
            return self.object()
        if token == "[":
            self.take()
            item = self.type()
            self.take("]")
            return List(item)
        token = self.take()
        if token is None:
            raise Manual(f"ends too early: {self.text[:200]}")
        if token in ("null", "true", "false"):
            return Constant({"null": None, "true": True, "false": False}[token])
        if token[0] == '"':
            return Constant(token[1:-1])
        if re.fullmatch(r"-?\d+", token):
            return Word("integer")
        if re.fullmatch(r"-?\d+\.\d+", token):
            return Word("number")
        if token.split(".")[0].isupper() or token.endswith((".params", ".result")):
            return Reference(token)
        return Word(token)

    def object(self):
        members = {}
        self.take("{")
        while self.peek() != "}":
            name = self.take()
            if name[0] != '"':
                raise Manual(f"a member begins with {name} in {self.text[:200]}")
            name = name[1:-1]
            is_optional = self.peek() == "?"
            if is_optional:
                self.take()
            kind = by_name(name)
            if self.peek() == ":":
                self.take()
                kind = self.type()
            members[name] = (kind, is_optional)
            if self.peek() != "}":
                self.take(",")
        self.take("}")
        return Object(members)


# -- the manual -------------------------------------------------------------------------------------------------------


class Method:
    def __init__(self, name, access):
        self.name = name
        self.access = access
        self.variants = []  # [params, result]
        self.notifications = {}


class Protocol:
    def __init__(self):
        text = (source_root() / "daemon" / "ngmt-protocol.7.scd").read_text(encoding="utf-8")
        self.names = {}
        self.methods = {}
        body = text.split("\n# METHODS\n")[1].split("\n# ")[0]
        for section in re.split(r"^## ", body, flags=re.M)[1:]:
            self._read_section(section)
        self._check_names()

    def _read_section(self, section):
        heading = re.match(r"(\w+) \((look|change|no right needed)[^)]*\)\n", section)
        if not heading:
            raise Manual(f'the heading "{section.splitlines()[0]}" is not "NAME (RIGHT)"')
        method = Method(heading[1], heading[2])
        self.methods[method.name] = method
        waiting = []
        for paragraph in re.findall(r"(?:^\t.*\n?)+", section, re.M):
            flat = " ".join(line.strip() for line in paragraph.splitlines()).replace("\\_", "_")
            if flat.startswith('{"jsonrpc"'):
                continue  # an example
            label, _, schema = flat.partition(": ")
            kind = Parser(schema).whole()
            if label == "params":
                waiting.append(kind)
            elif label == "result":
                for params in waiting or [Object({})]:
                    method.variants.append((params, kind))
                waiting = []
            elif label.startswith("notification "):
                method.notifications[label.split()[1]] = kind
            elif label.isupper() and label not in self.names:
                self.names[label] = kind
            else:
                raise Manual(f'{method.name}: "{label}" is not params, result, notification NAME or a new NAME')
        if waiting or not method.variants:
            raise Manual(f"{method.name} has no result")

    def _check_names(self):
        """Every reference leads somewhere."""
        def walk(kind):
            if isinstance(kind, Reference):
                self.resolve(kind.name)
            for part in getattr(kind, "parts", []) or getattr(kind, "types", []):
                walk(part)
            if isinstance(kind, List):
                walk(kind.item)
            if isinstance(kind, Object):
                for member, _ in kind.members.values():
                    walk(member)

        for method in self.methods.values():
            for params, result in method.variants:
                walk(params)
                walk(result)
            for kind in method.notifications.values():
                walk(kind)
        for kind in self.names.values():
            walk(kind)

    def resolve(self, name):
        method, _, what = name.partition(".")
        if what:
            found = self.methods.get(method)
            if not found:
                raise Manual(f'there is no method "{method}"')
            kinds = [pair[what == "result"] for pair in found.variants]
            return kinds[0] if len(kinds) == 1 else Either(kinds)
        if name not in self.names:
            raise Manual(f'"{name}" is explained nowhere')
        return self.names[name]

    def check_params(self, method, params):
        """The variant that these params are of."""
        problems = []
        for kind, result in self.methods[method].variants:
            try:
                kind.check({k: v for k, v in params.items() if k != "command"}, f"{method} params", self)
                return result
            except Mismatch as problem:
                problems.append(str(problem))
        raise Mismatch("; ".join(problems))

    def check_result(self, method, params, result):
        self.check_params(method, params).check(result, method, self)

    def check_notification(self, name, params):
        for method in self.methods.values():
            if name in method.notifications:
                return method.notifications[name].check(params, name, self)
        raise Mismatch(f'notification "{name}" is not in the manual')


class Judge:
    """Puts itself between a class of connections (ngmt.py) and the tests: every answer and notification is checked."""

    def __init__(self, protocol, connection_class):
        self.protocol = protocol
        self.seen = set()  # names of methods and notifications
        self._class = connection_class
        self._sent = {}

    def install(self, monkeypatch):
        send, receive = self._class.send, self._class.receive

        def judged_send(connection, method, **params):
            number = send(connection, method, **params)
            self._sent[id(connection), number] = (method, params)
            return number

        def judged_receive(connection):
            message = receive(connection)
            self._judge(connection, message)
            return message

        monkeypatch.setattr(self._class, "send", judged_send)
        monkeypatch.setattr(self._class, "receive", judged_receive)

    def _judge(self, connection, message):
        if "method" in message:
            self.protocol.check_notification(message["method"], message["params"])
            self.seen.add(message["method"])
        elif "result" in message and (id(connection), message["id"]) in self._sent:
            method, params = self._sent.pop((id(connection), message["id"]))
            self.protocol.check_result(method, params, message["result"])
            self.seen.add(method)
