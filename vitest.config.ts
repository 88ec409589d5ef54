import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

// Tests beside what they test. Those that cross packages, with browsers and servers, have test/vitest.config.ts.
const folders = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(import.meta.dirname, group)).map((name) => `${group}/${name}`),
)

function project(folder: string): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: { name: folder.replace('packages/', ''), root: folder, include: ['test/**/*.test.{ts,tsx}'] },
  }
}

export default defineConfig({
  test: {
    // Not how long a test may take, but when it hangs for sure, also on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [...folders, 'scripts'].map(project),
  },
})
