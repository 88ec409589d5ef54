import { defineConfig } from 'vitest/config'

// Tests beside what they test. Those that cross packages, with browsers and servers, have test/vitest.config.ts.
export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', { test: { name: 'scripts', root: 'scripts' } }],
  },
})
