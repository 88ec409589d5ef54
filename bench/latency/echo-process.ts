/** The trivial loop, in a process of its own: `node echo-process.ts PORT`. */
import { loadAddon } from '@sangam/sfu/packet-port'

loadAddon().testing.echo(Number(process.argv[2]))
