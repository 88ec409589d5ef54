import type { Conversation, ConversationMember, ConversationSnapshot, Person } from '@sangam/client'
import { usePeople } from '@sangam/react'
import { ChevronDown, Ellipsis, UserPlus } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { type FormEvent, useState } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { Dialog, DialogSection } from '../design/dialog.tsx'
import { TextField } from '../design/text-field.tsx'
import { matches } from '../shell/order-people.ts'
import { careLine, GroupCare, Reports } from './group-care.tsx'
import { useCare } from './use-care.ts'

const ROLE_WORDS = { owner: 'Owner', moderator: 'Moderator', member: '' }
const SUGGESTIONS = 6
const ITEM =
  'flex cursor-pointer select-none items-center rounded-lg px-2.5 py-2 text-sm outline-none data-[highlighted]:bg-sunken'

interface GroupInfoProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly conversation: Conversation
  readonly snapshot: ConversationSnapshot
  readonly self: string
  readonly run: (action: Promise<unknown>) => void
  /** Shows a message of it. */
  readonly onShow: (number: number) => void
}

/** A group's name and members, how it is kept, what was reported, and what one may do about all of it. */
export function GroupInfo(props: GroupInfoProps) {
  const { open, onOpenChange, conversation, snapshot, self, run, onShow } = props
  const care = useCare(conversation)
  const own = snapshot.members.find(({ identity }) => identity === self)?.role
  const mayManage = own === 'owner' || own === 'moderator'
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={snapshot.title}
      description={
        snapshot.access === 'members' ? 'A private group: only its members see it.' : 'An open group.'
      }
    >
      {mayManage && (
        <Rename key={snapshot.title} conversation={conversation} title={snapshot.title} run={run} />
      )}
      {!mayManage && care !== undefined && (
        <p className="text-ink-soft text-sm empty:hidden">{careLine(care)}</p>
      )}
      <DialogSection title={`Members (${snapshot.members.length})`}>
        {mayManage && <Invite {...props} />}
        <ul aria-label="Members" data-testid="members" className="-mx-2 max-h-72 overflow-y-auto">
          {snapshot.members.map((member) => (
            <Member key={member.identity} member={member} own={own} {...props} />
          ))}
        </ul>
      </DialogSection>
      {mayManage && care !== undefined && (
        <DialogSection title="Rules">
          <GroupCare conversation={conversation} care={care} run={run} />
        </DialogSection>
      )}
      {mayManage && (
        <details className="group mt-3 border-line border-t pt-3" data-testid="reports">
          <summary className="flex cursor-pointer items-center justify-between rounded-lg py-1 font-semibold text-sm">
            Reported messages
            <ChevronDown size={16} aria-hidden className="text-ink-faint group-open:rotate-180" />
          </summary>
          {open && <Reports conversation={conversation} run={run} onShow={onShow} />}
        </details>
      )}
      {own !== undefined && (
        <Button
          variant="quiet-danger"
          className="mt-4 w-full"
          data-testid="leave-group"
          onClick={() => {
            onOpenChange(false)
            run(conversation.leave())
          }}
        >
          Leave the group
        </Button>
      )}
    </Dialog>
  )
}

function Rename(props: {
  readonly conversation: Conversation
  readonly title: string
  readonly run: GroupInfoProps['run']
}) {
  const { conversation, title, run } = props
  const [name, setName] = useState(title)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    run(conversation.rename(name.trim()))
  }
  const changed = name.trim() !== '' && name.trim() !== title
  return (
    <form onSubmit={submit} className="flex items-start gap-2">
      <TextField
        label="Name"
        withNote={false}
        className="flex-1"
        maxLength={64}
        value={name}
        data-testid="group-name"
        onChange={(event) => setName(event.target.value)}
      />
      {changed && (
        <Button type="submit" variant="primary" className="mt-7 h-12">
          Save
        </Button>
      )}
    </form>
  )
}

function Invite({ conversation, snapshot, run }: GroupInfoProps) {
  const [query, setQuery] = useState('')
  const people = usePeople()
  const members = new Set(snapshot.members.map(({ identity }) => identity))
  const found =
    query.trim() === ''
      ? []
      : people
          .filter(({ identity, name }) => !members.has(identity) && matches(name, query))
          .slice(0, SUGGESTIONS)
  const invite = (person: Person) => {
    setQuery('')
    run(conversation.invite([person.identity]))
  }
  return (
    <div className="mt-2 mb-1">
      <input
        type="search"
        aria-label="Add somebody"
        placeholder="Add somebody"
        data-testid="invite-query"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        className="h-10 w-full rounded-xl bg-sunken px-3 text-base placeholder:text-ink-faint sm:text-sm"
      />
      <ul aria-label="People to add">
        {found.map((person) => (
          <li key={person.identity}>
            <button
              type="button"
              data-testid="invite-person"
              onClick={() => invite(person)}
              className="flex w-full items-center gap-3 rounded-xl px-2 py-1.5 text-left hover:bg-sunken"
            >
              <Avatar name={person.name} identity={person.identity} size="small" />
              <span className="min-w-0 flex-1 truncate">{person.name}</span>
              <UserPlus size={16} aria-hidden className="text-ink-faint" />
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

interface MemberProps extends GroupInfoProps {
  readonly member: ConversationMember
  readonly own: ConversationMember['role'] | undefined
}

function Member({ member, own, conversation, self, run }: MemberProps) {
  const { identity, name, role } = member
  const isSelf = identity === self
  const mayRemove = !isSelf && (own === 'owner' || (own === 'moderator' && role === 'member'))
  const maySetRole = !isSelf && own === 'owner'
  return (
    <li data-testid="member" className="flex items-center gap-3 rounded-xl px-2 py-1.5">
      <Avatar name={name} identity={identity} size="small" />
      <span className="min-w-0 flex-1 truncate">{isSelf ? `${name} (you)` : name}</span>
      <span className="text-ink-faint text-xs">{ROLE_WORDS[role]}</span>
      {(mayRemove || maySetRole) && (
        <DropdownMenu.Root modal={false}>
          <DropdownMenu.Trigger
            aria-label={`What to do about ${name}`}
            className="grid size-8 place-items-center rounded-full text-ink-faint hover:bg-sunken"
          >
            <Ellipsis size={16} aria-hidden />
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content
              align="end"
              collisionPadding={8}
              className="z-[60] min-w-48 animate-appear rounded-2xl border border-line bg-raised p-1.5 shadow-raised"
            >
              {maySetRole && (
                <DropdownMenu.Item
                  className={ITEM}
                  onSelect={() =>
                    run(conversation.setRole(identity, role === 'moderator' ? 'member' : 'moderator'))
                  }
                >
                  {role === 'moderator' ? 'No longer moderator' : 'Make moderator'}
                </DropdownMenu.Item>
              )}
              {maySetRole && (
                <DropdownMenu.Item
                  className={ITEM}
                  onSelect={() => run(conversation.setRole(identity, 'owner'))}
                >
                  Make owner in my place
                </DropdownMenu.Item>
              )}
              {mayRemove && (
                <DropdownMenu.Item
                  className={`${ITEM} text-danger-ink`}
                  onSelect={() => run(conversation.remove(identity))}
                >
                  Remove from the group
                </DropdownMenu.Item>
              )}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      )}
    </li>
  )
}
