"""What a browser without JavaScript would send: the successful controls of a form."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag
from django.http import QueryDict


class Page:
    """A form as a person sees it: look at it, change it, send it."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.soup = BeautifulSoup(f"<form>{html}</form>", "html.parser")

    def control(self, name: str) -> Tag:
        found = self.soup.find(attrs={"name": name})
        assert isinstance(found, Tag), f"There is no control named {name}."
        return found

    def has(self, name: str) -> bool:
        return self.soup.find(attrs={"name": name}) is not None

    def type(self, name: str, text: str) -> Page:
        control = self.control(name)
        if control.name == "textarea":
            control.string = "\n" + text
        else:
            control["value"] = text
        return self

    def choose(self, name: str, value: str) -> Page:
        """Press a radio button, or pick from a select."""
        for control in self.soup.find_all(attrs={"name": name}):
            for option in control.find_all("option") or [control]:
                mark = "selected" if option.name == "option" else "checked"
                option.attrs.pop(mark, None)
                if option["value"] == value:
                    option[mark] = ""
        return self

    def tick(self, name: str, value: str = "true", *, on: bool = True) -> Page:
        box = self.soup.find(attrs={"name": name, "value": value})
        box.attrs.pop("checked", None)
        if on:
            box["checked"] = ""
        return self

    def typed(self, name: str) -> str:
        """What a control holds, as a browser shows it."""
        return dict(_sent(self.control(name)))[name].replace("\r\n", "\n")

    def faults(self) -> list[str]:
        """What is wrong with the HTML itself."""
        ids = [one["id"] for one in self.soup.find_all(id=True)]
        found = [f"twice: {one}" for one in set(ids) if ids.count(one) > 1]
        for one in self.soup.find_all(True):
            named = [*one.get("aria-describedby", "").split(), one.get("for")]
            found += [f"leads nowhere: {name}" for name in named if name and name not in ids]
            found += [f"no inline code: {key}" for key in one.attrs if key == "style" or key.startswith("on")]
        controls = self.soup.find_all(["input", "select", "textarea"])
        return found + [f"no label: {one}" for one in controls if one.get("type") != "hidden" and not self._label(one)]

    def _label(self, control: Tag) -> object:
        by_id = "id" in control.attrs and self.soup.find("label", attrs={"for": control["id"]})
        return by_id or control.find_parent("label") or control.get("aria-label")

    def button(self, value: str) -> str:
        assert self.soup.find("button", attrs={"name": "_action", "value": value}), f"No button {value}."
        return value

    def send(self, press: str = "") -> QueryDict:
        pairs = [pair for control in self.soup.find_all(["input", "textarea", "select"]) for pair in _sent(control)]
        return QueryDict(urlencode(pairs + ([("_action", self.button(press))] if press else [])), mutable=True)

    def errors(self, name: str) -> str:
        """The errors that the control itself, or its group, is described by."""
        control = self.control(name)
        while control is not None and "aria-describedby" not in control.attrs:
            control = control.parent
        ids = control["aria-describedby"].split() if control is not None else []
        return " ".join(self.soup.find(id=one).get_text(" ", strip=True) for one in ids if one.endswith("-errors"))


def _sent(control: Tag) -> list[tuple[str, str]]:
    name = control.get("name")
    if not name or "disabled" in control.attrs:
        return []
    if control.name == "textarea":
        text = re.sub(r"\A\r?\n", "", control.get_text())
        return [(name, text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n"))]
    if control.name == "select":
        options = control.find_all("option")
        picked = [option for option in options if "selected" in option.attrs][-1:] or options[:1]
        return [(name, option["value"]) for option in picked]
    if control["type"] in ("checkbox", "radio"):
        return [(name, control.get("value", "on"))] if "checked" in control.attrs else []
    if control["type"] in ("date", "datetime-local"):
        return [(name, control.get("value", ""))]
    return [(name, re.sub(r"[\r\n]", "", control.get("value", "")))]
