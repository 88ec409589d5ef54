import type { Room, RoomSnapshot, Session } from '@sangam/client'
import { PanelFrame } from './panel-frame.tsx'
import { PeoplePanel } from './people-panel.tsx'
import { RoomChat } from './room-chat.tsx'

/** What stands beside the tiles. */
export type RoomPanelKind = 'people' | 'chat'

interface RoomPanelProps {
  readonly kind: RoomPanelKind
  readonly session: Session
  readonly room: Room
  readonly snapshot: RoomSnapshot
  readonly onClose: () => void
}

/** The people or the chat of a room. */
export function RoomPanel({ kind, ...props }: RoomPanelProps) {
  if (kind === 'chat') return <RoomChat {...props} />
  const { room, snapshot, onClose } = props
  return (
    <PanelFrame title={`People (${snapshot.participants.length})`} testId="room-people" onClose={onClose}>
      <PeoplePanel room={room} snapshot={snapshot} />
    </PanelFrame>
  )
}
