// Checks a page against WCAG 2.2 AA with axe-core.
import assert from "node:assert/strict";
import axeCore from "axe-core";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * Fails with one line per offending element when the page, as it stands now, violates WCAG 2.2 AA.
 * @param {import("playwright-core").Page} page
 */
export async function axe(page) {
  await page.evaluate(axeCore.source); // not addScriptTag: the page's content security policy would refuse it
  const violations = await page.evaluate(async (values) => {
    // @ts-expect-error axe was put there by the line above
    const result = await window.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] });
    return result.violations;
  }, tags);
  if (violations.length > 0) assert.fail(`${page.url()} violates WCAG 2.2 AA:\n${list(violations)}`);
}

/** @param {import("axe-core").Result[]} violations */
function list(violations) {
  return violations
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, html, failureSummary }) =>
        [
          `- ${id}: ${help}`,
          `    at ${target.join(" ")}: ${html.slice(0, 160)}`,
          `    ${(failureSummary ?? "").split("\n").slice(1).map((line) => line.trim()).join("; ")}`,
        ].join("\n"),
      ),
    )
    .join("\n");
}
