// What the tests of the sample workspace share.

/** Starts a configuration of launch.json by its name. */
export async function startSample(vs, name) {
  const row = vs.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
  for (let attempt = 1; ; attempt++) {
    await vs.palette('Debug: Select and Start Debugging');
    try {
      await row.waitFor({ timeout: 8000 });
      // The list grows while dynamic configurations arrive.
      await vs.page.waitForTimeout(500);
      await row.click({ timeout: 5000 });
      return;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Answers the question whose title contains `title`. */
export async function answer(vs, title, text) {
  await vs.page.locator('.quick-input-title', { hasText: title }).waitFor({ timeout: 15_000 });
  await vs.input(text);
}
