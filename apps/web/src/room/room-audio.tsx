import type { Room, Track } from '@sangam/client'
import { useRoom } from '@sangam/react'
import { useEffect } from 'react'

/** Plays everybody's sound. Stands above the routes: a room goes on while one reads elsewhere. */
export function RoomAudio({ room }: { readonly room: Room }) {
  const { participants } = useRoom(room)
  return participants
    .flatMap((participant) => participant.tracks)
    .filter((track) => track.kind === 'audio' && !track.local)
    .map((track) => <TrackAudio key={track.trackId} track={track} />)
}

function TrackAudio({ track }: { readonly track: Track }) {
  useEffect(() => {
    const element = track.attach()
    return () => {
      track.detach(element)
    }
  }, [track])
  return null
}
