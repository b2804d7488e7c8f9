import { afterEach, beforeEach, expect, it } from "vitest";

import { keepFocus } from "./keep-focus";

let end: () => void;
beforeEach(() => {
  end = keepFocus();
});
afterEach(() => {
  end();
  document.body.replaceChildren();
});

function page(html: string): (id: string) => HTMLElement {
  document.body.innerHTML = html;
  return (id) => {
    const found = document.getElementById(id);
    if (!found) throw new Error(`There is no #${id}.`);
    return found;
  };
}
/** Observers are told in a microtask. */
const told = () => new Promise((resolve) => setTimeout(resolve));

const LIST =
  "<main tabindex='-1' id='main'><button id='above'></button><ul><li id='one'><button id='x1'></button></li><li id='two'><button id='x2'></button></li></ul><button id='below'></button></main>";

it.each([
  { gone: ["one"], from: "x1", to: "x2", what: "the next of a list" },
  { gone: ["two"], from: "x2", to: "x1", what: "the one before the last of a list" },
])("hands the focus to $what", async ({ gone, from, to }) => {
  const by = page(LIST);
  by(from).focus();
  for (const id of gone) by(id).remove();
  await told();
  expect(by(to)).toHaveFocus();
});

it("hands the focus to what stands where the element stood", async () => {
  const by = page("<div><button id='above'></button><div><button id='csv'></button></div></div>");
  by("csv").focus();
  const cancel = document.createElement("button");
  by("csv").replaceWith(cancel);
  await told();
  expect(cancel).toHaveFocus();
});

it("moves the focus to an empty container if the container is focusable", async () => {
  const by = page("<div id='grid' tabindex='0'><p><button id='more'></button></p></div><button></button>");
  by("more").focus();
  by("more").remove();
  await told();
  expect(by("grid")).toHaveFocus();
});

it("hands the focus on from a button that is disabled", async () => {
  const by = page("<div><button id='stop'></button><button id='links'></button></div>");
  by("stop").focus();
  by("stop").setAttribute("disabled", "");
  await told();
  expect(by("links")).toHaveFocus();
});

it("goes back to the place where a dialog was opened, if what opened it is gone", async () => {
  const by = page(
    "<button></button><div id='row'><button id='stop'></button><button id='links'></button></div><p><dialog id='dialog' open><button id='yes'></button></dialog></p>",
  );
  by("stop").focus();
  by("yes").focus();
  by("stop").remove();
  by("dialog").removeAttribute("open");
  by("yes").remove();
  await told();
  expect(by("links")).toHaveFocus();
});

it("takes the position at the time of the click", async () => {
  const by = page(LIST);
  by("x1").focus();
  by("one").insertAdjacentHTML("beforebegin", "<li><button id='x0'></button></li>");
  by("x1").addEventListener("click", () => by("one").remove());
  by("x1").click();
  await told();
  expect(by("x2")).toHaveFocus();
});

it("leaves alone who left the element on purpose, or went elsewhere", async () => {
  const by = page(LIST);
  by("x1").focus();
  by("x1").blur();
  await told();
  by("one").remove();
  await told();
  expect(document.body).toHaveFocus();
  by("x2").focus();
  by("below").focus();
  by("two").remove();
  await told();
  expect(by("below")).toHaveFocus();
});
