import { writeFileSync } from 'node:fs'
import { protocolPage } from './protocol-page.ts'

// Writes docs/protocol.md from the schemas.
writeFileSync(new URL('../../../docs/protocol.md', import.meta.url), protocolPage())
