import { writeFileSync } from 'node:fs'
import { operationsPage } from './operations-page.ts'

// Writes docs/operations.md from the settings.
writeFileSync(new URL('../../../docs/operations.md', import.meta.url), operationsPage())
