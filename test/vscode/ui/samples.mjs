// What the tests of the sample workspace share.

/** Starts a configuration of launch.json by its name. */
export async function startSample(vs, name) {
  await vs.palette('Debug: Select and Start Debugging');
  await vs.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().waitFor();
  // The list grows while dynamic configurations arrive.
  await vs.page.waitForTimeout(500);
  await vs.pick(name);
}

/** Answers the question whose title contains `title`. */
export async function answer(vs, title, text) {
  await vs.page.locator('.quick-input-title', { hasText: title }).waitFor({ timeout: 15_000 });
  await vs.input(text);
}
