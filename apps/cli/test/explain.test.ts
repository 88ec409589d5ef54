import { describe, expect, test } from 'vitest'
import { formatExplanations, readQuestion } from '../src/explain.ts'

describe('sangam explain', () => {
  test('reads who, what and where', () => {
    expect(readQuestion(['asha'])).toEqual({ asJson: false, identity: 'asha' })
    expect(
      readQuestion(['asha', 'setRole', '--room', 'standup', '--target=ravi', '--role', 'speaker', '--json']),
    ).toEqual({
      asJson: true,
      identity: 'asha',
      action: 'setRole',
      roomId: 'standup',
      target: 'ravi',
      role: 'speaker',
    })
    expect(readQuestion(['asha', '--grants', '{"direct":true}'])?.grants).toEqual({ direct: true })
  })

  test.each([[[]], [['asha', 'mute', 'more']], [['asha', '--rum', 'standup']], [['asha', '--grants', '{']]])(
    'refuses %j',
    (args) => {
      expect(readQuestion(args)).toBeUndefined()
    },
  )

  test('prints a line per action, in columns', () => {
    const rows = [
      { action: 'subscribe', allowed: true, code: 'allowed', reason: 'Allowed.' },
      { action: 'end', allowed: false, code: 'roleLacksPermission', reason: 'Only a host may do this.' },
    ]
    expect(formatExplanations(rows).split('\n')).toEqual([
      'subscribe  yes  allowed              Allowed.',
      'end        no   roleLacksPermission  Only a host may do this.',
    ])
  })
})
