/** One emoji with the words that find it. */
export interface EmojiEntry {
  readonly emoji: string
  readonly words: string
}

/** The ones at hand under a message. */
export const QUICK_EMOJI: readonly string[] = ['👍', '❤️', '😂', '🎉', '😮', '😢']

const LINES = `
😀 grin smile happy|😄 laugh happy smile|😂 tears laugh joy lol|🤣 rolling laugh rofl|😊 blush smile|🙂 slight smile|😉 wink|😍 heart eyes love
😘 kiss|😎 cool sunglasses|🤔 thinking hmm|🤨 eyebrow doubt|😐 neutral|😴 sleep tired|😌 relieved|😅 sweat phew|😬 grimace|🙄 eye roll|😏 smirk
😢 cry sad|😭 sob cry|😤 huff|😡 angry|🤯 mind blown|😱 scream shock|😳 flushed|🥺 plead please|😇 angel halo|🤗 hug|🤩 star struck wow
🥳 party celebrate|😮 surprised wow oh|🤐 zip quiet|🤒 ill fever|🤕 hurt|🥱 yawn|🫠 melt|🫡 salute|🙈 see no monkey|🙉 hear no monkey|🙊 speak no monkey
👍 thumbs up yes ok good|👎 thumbs down no|👌 ok perfect|✌️ victory peace|🤞 fingers crossed luck|🤙 call me|👋 wave hello bye|👏 clap applause|🙌 raised hands hooray
🙏 thanks please pray|💪 strong muscle|🤝 handshake deal|✍️ write|👀 eyes look|🧠 brain|🫶 heart hands|🤷 shrug|🤦 facepalm|🙋 raise hand|🏃 run
❤️ heart love red|🧡 heart orange|💛 heart yellow|💚 heart green|💙 heart blue|💜 heart purple|🖤 heart black|💔 broken heart|✨ sparkles|⭐ star|🔥 fire hot|💯 hundred
🎉 party tada celebrate|🎊 confetti|🎁 gift present|🎂 cake birthday|🏆 trophy win|🥇 gold medal first|🚀 rocket ship launch|💡 idea bulb|📌 pin|📎 clip|📅 calendar date
✅ check done yes|❌ cross no wrong|⚠️ warning|❓ question|❗ exclamation|➕ plus|🔒 lock|🔑 key|🔔 bell|🔕 mute bell|🐛 bug|🔧 wrench fix|🛠️ tools|📦 package box
☕ coffee|🍵 tea|🍺 beer|🍕 pizza|🍔 burger|🍎 apple|🍌 banana|🍰 cake|🍿 popcorn|🌶️ pepper spicy|🥑 avocado|🍪 cookie
🐶 dog|🐱 cat|🦊 fox|🐻 bear|🐼 panda|🦁 lion|🐸 frog|🐧 penguin|🦉 owl|🦄 unicorn|🐝 bee|🦋 butterfly|🌱 plant sprout|🌳 tree|🌸 flower blossom|🌻 sunflower
☀️ sun|🌧️ rain|⛈️ storm|❄️ snow|🌈 rainbow|🌙 moon|🌍 earth world|⏰ alarm clock time|⌛ hourglass wait|📷 camera photo|🎵 music note|🎧 headphones|🎮 game|⚽ football|🏖️ beach
🚗 car|🚲 bike|✈️ plane travel|🚆 train|🏠 house home|🏢 office|💻 laptop computer|📱 phone|🖨️ printer|📈 chart up|📉 chart down|💰 money|🧾 receipt|📝 memo note`

/** The emoji of the picker, in its order. */
export const EMOJI: readonly EmojiEntry[] = LINES.trim()
  .split(/[\n|]/)
  .map((line) => {
    const [emoji = '', ...words] = line.trim().split(' ')
    return { emoji, words: words.join(' ') }
  })

/** Those that a query finds, by the beginnings of their words. */
export function findEmoji(query: string): readonly EmojiEntry[] {
  const wanted = query.trim().toLowerCase()
  if (wanted === '') return EMOJI
  return EMOJI.filter(({ words }) => words.split(' ').some((word) => word.startsWith(wanted)))
}
