// Which worker takes somebody who comes. Pure.

/** A worker as the choice sees it. */
export type PlaceableWorker = {
  readonly index: number
  /** Whether it lives and is not being emptied. */
  readonly takesPeople: boolean
  /** Participants of all rooms that it carries. */
  readonly participants: number
  /** CPU seconds per second over the last seconds, 0 to 1. */
  readonly cpuShare: number
  /** Participants of the room in question that it carries. */
  readonly ofRoom: number
}

/** Above this share a worker takes nobody whom another one can take: media has to be on time. */
export const busyCpuShare = 0.7
/** How many participants weigh as much as a whole core, where CPU was not measured yet. */
const participantsPerCore = 400

/** How full a worker is: what was measured, and the people who came since. */
export const loadOf = ({ participants, cpuShare }: PlaceableWorker): number =>
  Math.max(cpuShare, participants / participantsPerCore)

const isBusy = (worker: PlaceableWorker): boolean => loadOf(worker) >= busyCpuShare

/**
 * A room stays together: somebody who comes joins the others where most of them are, until `spread` of them are there or that
 * worker is busy and another one is not. Then the least loaded worker takes them, and streams are piped between the two.
 * @returns the index of the worker; undefined when none takes people
 */
export const chooseWorker = (workers: readonly PlaceableWorker[], spread: number): number | undefined => {
  const open = workers.filter(({ takesPeople }) => takesPeople)
  const leastLoaded = (some: readonly PlaceableWorker[]): PlaceableWorker | undefined =>
    [...some].sort((a, b) => loadOf(a) - loadOf(b) || a.participants - b.participants || a.index - b.index)[0]
  const withSeats = open.filter((worker) => worker.ofRoom < spread)
  const withRoom = withSeats
    .filter((worker) => worker.ofRoom > 0)
    .sort((a, b) => b.ofRoom - a.ofRoom || a.index - b.index)
  // Where all are busy a room in pieces costs pipes and relieves nobody.
  const stays = withSeats.every(isBusy) ? withRoom[0] : withRoom.find((worker) => !isBusy(worker))
  const home = stays ?? leastLoaded(withSeats) ?? leastLoaded(open)
  return home?.index
}
