/** Runs the floor loop once, away from the receivers: `node floor-process.ts OPTIONS-AS-JSON` prints its result as JSON. */
import { type FloorOptions, loadAddon } from '@sangam/sfu/packet-port'

const options = JSON.parse(process.argv[2] ?? '') as FloorOptions
process.stdout.write(JSON.stringify(loadAddon().testing.floor(options)))
