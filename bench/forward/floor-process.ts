/** Runs the floor loop, away from the receivers: once for each message that the benchmark sends, until it disconnects. */
import { type FloorOptions, loadAddon } from '@sangam/sfu/packet-port'

process.on('message', (options: FloorOptions) => process.send?.(loadAddon().testing.floor(options)))
