/* SPDX-License-Identifier: MIT
 *
 * What client and daemon agree on before they speak: version, limits, names. The meaning of every method is in
 * ngmt-protocol(7).
 */
#ifndef NGMT_PROTOCOL_H
#define NGMT_PROTOCOL_H

/* Raised when an old client or daemon could misunderstand; both sides refuse another number (exit status 10). */
#define PROTOCOL_VERSION 1

/* Longest request line the daemon reads and longest reply line the client reads, without the newline. */
#define PROTOCOL_REQUEST_MAX (1 << 20)
#define PROTOCOL_REPLY_MAX (16 << 20)

/* Most rows, problems or HITs in one reply; `next_offset` says where to go on. */
#define PROTOCOL_PAGE_MAX 1000

/* JSON-RPC 2.0 error codes; the daemon's own errors use one number and carry their name in error.data.name. */
#define PROTOCOL_PARSE_ERROR (-32700)
#define PROTOCOL_INVALID_REQUEST (-32600)
#define PROTOCOL_METHOD_NOT_FOUND (-32601)
#define PROTOCOL_INVALID_PARAMS (-32602)
#define PROTOCOL_DAEMON_ERROR (-32000)

#endif
