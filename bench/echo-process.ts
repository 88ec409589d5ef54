/** Sends back what it gets: the least that a request to another process costs, over the channel that workers use. */
process.on('message', (frame) => process.send?.(frame))
