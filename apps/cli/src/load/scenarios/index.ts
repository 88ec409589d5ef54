import type { Scenario } from '../scenario.ts'
import { drain } from './drain.ts'
import { failures } from './failures.ts'
import { joinAndLeave } from './join-and-leave.ts'
import { manyRooms } from './many-rooms.ts'
import { networks } from './networks.ts'
import { openMicrophones } from './open-microphones.ts'
import { revoke } from './revoke.ts'
import { tenPeople } from './ten-people.ts'

/** All scenarios, in the order in which `sangam load all` runs them. */
export const scenarios: readonly Scenario[] = [
  tenPeople,
  openMicrophones,
  manyRooms,
  joinAndLeave,
  networks,
  failures,
  drain,
  revoke,
]
