import { MeasuredServer } from './measured-server.ts'
import { type Kind, kinds } from './measuring.ts'

interface Share {
  readonly live: number
  readonly resident: number
}

/** Memory of a server per idle connection, beside bare Socket.IO: what is in use, and what the process holds resident. */
export async function compareIdle(connections: number): Promise<unknown> {
  const shares: Partial<Record<Kind, Share>> = {}
  for (const kind of kinds) {
    await using server = await MeasuredServer.start(kind, { exposeGc: true })
    // What the first connections load stays out of the account.
    await server.connect(100)
    const before = await server.memory()
    await server.connect(connections)
    const after = await server.memory()
    const share: Share = {
      live: (after.liveBytes - before.liveBytes) / connections / 1024,
      resident: (after.residentBytes - before.residentBytes) / connections / 1024,
    }
    shares[kind] = share
    console.log(
      `${kind.padEnd(8)} ${share.live.toFixed(1)} KiB in use, ${share.resident.toFixed(1)} KiB resident per idle connection`,
    )
  }
  const ratioOf = (part: keyof Share): number =>
    (shares.sangam?.[part] ?? Number.NaN) / (shares.bare?.[part] ?? Number.NaN)
  const ratios = { live: ratioOf('live'), resident: ratioOf('resident') }
  console.log(
    `Sangam ÷ bare: ${ratios.live.toFixed(2)} in use, ${ratios.resident.toFixed(2)} resident  (${connections} idle connections, bound 1.3)`,
  )
  return { connections, shares, ratios }
}
