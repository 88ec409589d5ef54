import { connect } from '@sangam/client'
import { connectSenders } from './acks.ts'
import { CuttableProxy } from './cuttable-proxy.ts'
import { MeasuredServer } from './measured-server.ts'
import { median, type openTeam, send } from './measuring.ts'

const missed = 10_000

/** How long the SDK takes, from its first new connection, until it holds 10,000 messages that it missed, in order. */
export async function measureReplay(rounds: number): Promise<unknown> {
  await using server = await MeasuredServer.start('sangam')
  const sockets = await connectSenders(server)
  await Promise.all(sockets.map((socket) => send(socket)))
  const times: number[] = []
  let gaps = 0
  for (let round = 0; round < rounds; round += 1) {
    await using proxy = await CuttableProxy.start(server.port)
    const session = await connect(proxy.url, { guest: { name: 'Reader', storage: null } })
    const team = await session.conversation('team')
    const before = team.state.get().lastNumber
    const numbers: number[] = []
    const { promise: complete, resolve } = Promise.withResolvers<void>()
    team.on('message', ({ number }) => {
      numbers.push(number ?? 0)
      if (numbers.length === missed) resolve()
    })
    proxy.cut()
    await Promise.all(sockets.map((socket) => sendOneByOne(socket, missed / sockets.length)))
    await proxy.restore()
    const beganMs = performance.now()
    await complete
    times.push(performance.now() - beganMs)
    gaps += numbers.filter((number, index) => number !== before + 1 + index).length
    await session.close()
  }
  console.log(
    `reconnect and replay of ${missed} messages: ${median(times).toFixed(0)} ms (bound 1000), gaps ${gaps}`,
  )
  return { times, gaps }
}

async function sendOneByOne(socket: Parameters<typeof openTeam>[0], count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) await send(socket)
}
