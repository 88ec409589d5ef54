import { MeasuredServer } from './measured-server.ts'
import { type Kind, kinds } from './measuring.ts'

/** Memory of a server per idle connection, beside bare Socket.IO. */
export async function compareIdle(connections: number): Promise<unknown> {
  const perConnection: Record<Kind, number> = { bare: 0, sangam: 0 }
  for (const kind of kinds) {
    await using server = await MeasuredServer.start(kind, { exposeGc: true })
    // What the first connections load stays out of the account.
    await server.connect(100)
    const before = await server.memoryBytes()
    await server.connect(connections)
    perConnection[kind] = ((await server.memoryBytes()) - before) / connections
    console.log(`${kind.padEnd(8)} ${(perConnection[kind] / 1024).toFixed(1)} KiB per idle connection`)
  }
  const ratio = perConnection.sangam / perConnection.bare
  console.log(`Sangam ÷ bare: ${ratio.toFixed(2)}  (${connections} idle connections, bound 1.3)`)
  return { connections, perConnection, ratio }
}
