import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'

import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { writePacketAddress } from '../../src/worker/packet-port/address.ts'
import { createPacketPort } from '../../src/worker/packet-port/load.ts'
import type { PacketPort } from '../../src/worker/packet-port/packet-port.ts'
import { masterKey, PlainPeer, stunPacket, TestPort } from './harness.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close()
})

const ignore = (): void => undefined
function openPort(): PacketPort {
  const port = createPacketPort({ onBatch: ignore, onSessionEvent: ignore })
  opened.push(port)
  return port
}
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('startClock()', () => {
  test('calls onBatch(0) again and again while no packet comes, until close()', async () => {
    let calls = 0
    const { promise: third, resolve } = Promise.withResolvers<void>()
    const port = createPacketPort({
      onBatch: (count) => {
        expect(count).toBe(0)
        calls += 1
        if (calls === 3) resolve()
      },
      onSessionEvent: ignore,
    })
    port.startClock(1)
    // The clock keeps no process alive; something else has to.
    const alive = setInterval(ignore, 1000)
    await third
    clearInterval(alive)
    port.close()
    const closedAt = calls
    await new Promise((done) => setTimeout(done, 10))
    expect(calls).toBe(closedAt)
  })
})

describe('openUdp()', () => {
  test('on a port in use throws EADDRINUSE, and the port can be had after closeSocket()', async () => {
    const first = openPort()
    const second = openPort()
    const { socket, port } = first.openUdp({ ip: '127.0.0.1', port: 0 })
    const again = () => second.openUdp({ ip: '127.0.0.1', port })
    expect(again).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE', message: expect.stringContaining(`${port}`) }),
    )
    first.closeSocket(socket)
    expect(again().port).toBe(port)
  })

  test.each([
    [{ ip: 'localhost', port: 0 }, 'EINVAL'],
    [{ ip: '127.0.0.1', port: 65536 }, 'EINVAL'],
    [{ ip: '127.0.0.1', port: -1 }, 'EINVAL'],
    [{ ip: '192.0.2.1', port: 0 }, 'EADDRNOTAVAIL'],
  ])('with %j throws %s', (options, code) => {
    expect(() => openPort().openUdp(options)).toThrow(expect.objectContaining({ code }))
  })

  test('with udpReusePort shares a port with another that has it too', () => {
    const { port } = openPort().openUdp({ ip: '127.0.0.1', port: 0, udpReusePort: true })
    expect(openPort().openUdp({ ip: '127.0.0.1', port, udpReusePort: true }).port).toBe(port)
  })

  test.each([['openUdp'], ['openTcp']] as const)('%s() sets the buffers that are asked for', (open) => {
    const { port } = new TestPort()
    opened.push(port)
    const sized = { sendBufferBytes: 100_000, receiveBufferBytes: 50_000 }
    const { socket } = port[open]({ ip: '127.0.0.1', port: 0, ...sized })
    // Linux says double of what was asked for: it counts its own bookkeeping.
    const factor = process.platform === 'linux' ? 2 : 1
    expect(port.bufferBytes(socket, true)).toBe(factor * sized.sendBufferBytes)
    expect(port.bufferBytes(socket, false)).toBe(factor * sized.receiveBufferBytes)
  })

  test('gives each socket an index, and IPv4 peers of a dual-stack socket an IPv4 address', async () => {
    const peer = await PlainPeer.open()
    const to = new TestPort()
    opened.push(peer, to.port)
    const dual = to.port.openUdp({ ip: '::', port: 0 })
    expect(dual.socket).toBe(1)
    await new Promise((resolve) => peer.socket.send(stunPacket(1), dual.port, '127.0.0.1', resolve))
    const [packet] = await to.take(1)
    expect(packet!.from).toMatchObject({ socket: 1, ip: '127.0.0.1', port: peer.port })
    // And it can be answered through that socket.
    const address = writePacketAddress({ socket: 1, ip: '127.0.0.1', port: peer.port })
    to.control(0, 1, 0, Buffer.concat([address, Buffer.from('answer')]))
    to.port.execute(0, 1)
    expect((await peer.take(1))[0]!.toString()).toBe('answer')
  })
})

describe('resources', () => {
  test('2,000 sockets are open at a time, each told from the others, and their descriptors come back', async () => {
    const before = descriptors()
    const peer = await PlainPeer.open()
    const to = new TestPort()
    opened.push(peer)
    const sockets = Array.from({ length: 2000 }, () => to.port.openUdp({ ip: '127.0.0.1', port: 0 }))
    expect(new Set(sockets.map(({ socket }) => socket)).size).toBe(2000)
    for (const at of [255, 256, 1999]) {
      const { socket, port } = sockets[at]!
      await new Promise((resolve) => peer.socket.send(stunPacket(1), port, '127.0.0.1', resolve))
      const [packet] = await to.take(1)
      expect(packet!.from).toMatchObject({ socket, port: peer.port })
      const address = writePacketAddress({ socket, ip: '127.0.0.1', port: peer.port })
      const answered = once(peer.socket, 'message') as Promise<[Buffer, { port: number }]>
      to.control(0, 1, 0, Buffer.concat([address, Buffer.from('answer')]))
      to.port.execute(0, 1)
      expect((await answered)[1].port).toBe(port)
    }
    for (const { socket } of sockets) to.port.closeSocket(socket)
    to.port.close()
    peer.close()
    opened.pop()
    await tick()
    expect(descriptors()).toBeLessThanOrEqual(before)
  })

  const descriptors = (): number => readdirSync('/proc/self/fd').length

  test('descriptors do not grow over 400 sockets and 20 ports that were opened and closed', async () => {
    const cycle = (sockets: number): void => {
      const port = createPacketPort({ onBatch: ignore, onSessionEvent: ignore })
      for (let i = 0; i < sockets; i++) port.closeSocket(port.openUdp({ ip: '127.0.0.1', port: 0 }).socket)
      port.openUdp({ ip: '127.0.0.1', port: 0 })
      port.close()
    }
    cycle(2)
    await tick()
    const before = descriptors()
    for (let i = 0; i < 20; i++) cycle(20)
    await tick()
    expect(descriptors()).toBe(before)
  })

  test('memory does not run away over 10,000 sessions with DTLS, keys and sinks', () => {
    const to = new TestPort()
    opened.push(to.port)
    const suite = 'AEAD_AES_128_GCM'
    const round = (): void => {
      for (let i = 0; i < 2000; i++) {
        const session = to.sessionTo(20000 + i)
        to.port.setSrtpKeys(session, suite, masterKey(suite, 1), masterKey(suite, 2))
        if (i % 10 === 0) to.port.startDtls(session, 'server', [to.fingerprint()])
        for (let k = 0; k < 4; k++) {
          const sink = {
            session,
            ssrc: k,
            payloadType: 96,
            headerExtensions: [{ type: 'mid', id: 1, value: '0' }],
          } as const
          const id = to.port.createSink(sink)
          if (k % 2 === 0) to.port.closeSink(id)
        }
        to.port.closeSession(session)
      }
    }
    round()
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 4; i++) round()
    expect(process.memoryUsage.rss() - before).toBeLessThan(30e6)
  }, 30_000)
})

describe('ids', () => {
  test('of closed sessions and sinks find nothing, also after thousands of new ones', () => {
    const to = new TestPort()
    opened.push(to.port)
    const old = to.port.createSession()
    to.port.closeSession(old)
    to.port.closeSession(old)
    const seen = new Set<number>()
    for (let i = 0; i < 5000; i++) {
      const id = to.port.createSession()
      expect(id).toBeGreaterThanOrEqual(0)
      seen.add(id)
      to.port.closeSession(id)
    }
    expect(seen.size).toBe(5000)
    expect(seen.has(old)).toBe(false)
    const unknown = expect.objectContaining({ code: 'ERR_UNKNOWN_SESSION' })
    expect(() => to.port.sessionStats(old)).toThrow(unknown)
    expect(() => to.port.startDtls(old, 'server', [])).toThrow(unknown)
    expect(() => to.port.createSink({ session: old, ssrc: 1, payloadType: 1, headerExtensions: [] })).toThrow(
      unknown,
    )
  })
})

test('a closed port refuses new things, ignores closing, and sends nothing', () => {
  const port = openPort()
  const session = port.createSession()
  port.close()
  port.close()
  port.closeSession(session)
  port.closeSocket(0)
  port.execute(10, 10)
  const closed = expect.objectContaining({ code: 'ERR_PORT_CLOSED' })
  expect(() => port.createSession()).toThrow(closed)
  expect(() => port.openUdp({ ip: '127.0.0.1', port: 0 })).toThrow(closed)
  expect(() => port.injectPacket(new Uint8Array(12))).toThrow(closed)
})

test.each([0, 2049])('injectPacket() with %i bytes is a TypeError', (bytes) => {
  expect(() => openPort().injectPacket(new Uint8Array(bytes))).toThrow(TypeError)
})

test('a method without its port is an error, not a crash', () => {
  const { execute, createSession } = openPort()
  expect(() => execute.call({} as PacketPort, 1, 1)).toThrow(TypeError)
  expect(() => createSession.call(undefined as unknown as PacketPort)).toThrow(TypeError)
})

describe('a process', () => {
  const load = new URL('../../src/worker/packet-port/load.ts', import.meta.url).href
  const prelude = `
    import { createSocket } from 'node:dgram'
    import { createPacketPort } from ${JSON.stringify(load)}
    const stun = Buffer.from('000100002112a442000000000000000000000000', 'hex')
    function open(onBatch) {
      const port = createPacketPort({ onBatch, onSessionEvent() {} })
      const bound = port.openUdp({ ip: '127.0.0.1', port: 0 })
      const poke = () => { const s = createSocket('udp4'); s.send(stun, bound.port, '127.0.0.1', () => s.close()) }
      return { port, poke }
    }
  `
  async function run(code: string): Promise<{ code: number; out: string }> {
    const args = ['--expose-gc', '--input-type=module', '-e', prelude + code]
    try {
      const { stdout } = await promisify(execFile)(process.execPath, args)
      return { code: 0, out: stdout.trim() }
    } catch (error) {
      const failed = error as { code: number; stdout: string; stderr: string }
      return { code: failed.code, out: `${failed.stdout}${failed.stderr}`.trim() }
    }
  }

  test('sees an exception of onBatch as uncaughtException, and the port goes on', async () => {
    const code = `
      let batches = 0
      const { port, poke } = open(() => { if (batches++ === 0) throw new Error('of the listener'); console.log('second'); port.close() })
      process.on('uncaughtException', (error) => { console.log(error.message); poke() })
      poke()`
    expect(await run(code)).toEqual({ code: 0, out: 'of the listener\nsecond' })
  })

  test('runs microtasks and nextTick right after onBatch', async () => {
    const code = `
      const { port, poke } = open(() => {
        setImmediate(() => { console.log('immediate'); port.close() })
        process.nextTick(() => console.log('tick'))
        Promise.resolve().then(() => console.log('microtask'))
      })
      poke()`
    expect((await run(code)).out).toBe('tick\nmicrotask\nimmediate')
  })

  test('may close the port, and every other thing, inside onBatch', async () => {
    const code = `
      const { port, poke } = open(() => { port.close(); console.log('closed') })
      port.startDtls(port.createSession(), 'server', [])
      poke(); poke(); poke()`
    expect(await run(code)).toEqual({ code: 0, out: 'closed' })
  })

  test('stays while a socket is open and ends once the port is closed', async () => {
    const code = `
      const { port } = open(() => {})
      setTimeout(() => { console.log('still here'); port.close() }, 50).unref()`
    expect(await run(code)).toEqual({ code: 0, out: 'still here' })
  })

  test('may exit with an open port', async () => {
    expect(await run(`const { poke } = open(() => process.exit(7)); poke()`)).toEqual({ code: 7, out: '' })
  })

  test('may end a thread with an open port, by its own end and by terminate()', async () => {
    const code = `
      import { Worker } from 'node:worker_threads'
      import { once } from 'node:events'
      const source = (last) => ${JSON.stringify(prelude)} + \`
        import { parentPort } from 'node:worker_threads'
        const { port, poke } = open(() => { parentPort.postMessage('batch') })
        port.startDtls(port.createSession(), 'server', [])
        poke()
        \${last}\`
      for (const last of ['', "parentPort.on('message', () => process.exit())", "parentPort.on('message', () => port.close())"]) {
        const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source(last))))
        worker.on('error', (error) => console.log(error))
        await once(worker, 'message')
        if (last === '') await worker.terminate()
        else { worker.postMessage('end'); if (last.includes('close')) setTimeout(() => worker.terminate(), 50); await once(worker, 'exit') }
        console.log('ended')
      }`
    expect(await run(code)).toEqual({ code: 0, out: 'ended\nended\nended' })
  })

  test('collects a closed port, and keeps an open one that nothing names', async () => {
    const code = `
      const registry = new FinalizationRegistry((name) => console.log(name))
      function make(name, close) { const { port } = open(() => { void port }); registry.register(port, name); if (close) port.close() }
      make('open', false); make('closed', true)
      for (let i = 0; i < 20; i++) { await new Promise((r) => setImmediate(r)); gc() }
      process.exit(0)`
    expect(await run(code)).toEqual({ code: 0, out: 'closed' })
  })
})

test('loadAddon() in a place without the addon says how to build it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    `import { registerHooks } from 'node:module'
     registerHooks({ resolve(specifier, context, next) {
       if (specifier.endsWith('packet_port.node')) throw Object.assign(new Error('gone'), { code: 'MODULE_NOT_FOUND' })
       return next(specifier, context) } })
     const { loadAddon } = await import(${JSON.stringify(new URL('../../src/worker/packet-port/load.ts', import.meta.url).href)})
     try { loadAddon() } catch (error) { console.log(error.code, error.message) }`,
  ])
  expect(stdout).toContain('ERR_ADDON_MISSING')
  expect(stdout).toContain('npm run build')
})
