// Every limit of the protocol layer, each with its reason. A number that a remote could push up stands here.

/** Longest request that is answered: most clients refuse more than 128 KiB (BEP 3 asks only for 16 KiB). */
export const MAX_REQUEST_LENGTH = 128 * 1024
/** Longest frame after its length prefix, bitfields of very large torrents aside: a block of 128 KiB and its 9 bytes, rounded up as others do. */
export const MAX_FRAME_LENGTH = MAX_REQUEST_LENGTH + 13
/** Requests one peer may have waiting with us: what libtorrent allows; advertised as `reqq`. */
export const MAX_QUEUED_REQUESTS = 2000
/** Requests we keep waiting with one peer, whatever its `reqq` says. */
export const MAX_OUTSTANDING_REQUESTS = 500

/** A .torrent file: MAX_PIECES have digests of 42 MB. */
export const MAX_TORRENT_BYTES = 64_000_000
export const MAX_TORRENT_DEPTH = 100
export const MAX_TORRENT_TOKENS = 3_000_000
/** 2^21 pieces: a bitfield of 256 KiB. */
export const MAX_PIECES = 0x20_0000
/** Larger pieces would need a buffer of this size each before a byte can be checked. */
export const MAX_PIECE_LENGTH = 512 * 1024 * 1024
/** Offsets above 2^48 are used by nobody, and stay far below 2^53. */
export const MAX_CONTENT_LENGTH = 2 ** 48
export const MAX_PATH_DEPTH = 100
/** Of one path element; file systems allow 255, and a suffix may have to be added. */
export const MAX_PATH_ELEMENT_BYTES = 240

/** Trackers taken from one .torrent: whoever lists thousands wants others flooded. */
export const MAX_TRACKERS = 200
/** Of a URL in a .torrent: longer ones are refused by servers, ours among them, and cost time wherever one is shown. */
export const MAX_URL_LENGTH = 4096

/** Replies of HTTP trackers, after unpacking; ten thousand dictionary peers fit. */
export const MAX_TRACKER_REPLY_BYTES = 1024 * 1024
export const MAX_TRACKER_REPLY_DEPTH = 8
export const MAX_TRACKER_REPLY_TOKENS = 200_000
/** Hashes in one scrape: what fits a UDP packet (BEP 15), kept for HTTP too. */
export const MAX_SCRAPE_HASHES = 74
/** A UDP reply that crosses any IPv6 link unfragmented: 1,280 less 40 of IP and 8 of UDP. */
export const MAX_UDP_REPLY_BYTES = 1232
/** Of the URLData a UDP announce may carry (BEP 41); longer than any passkey path. */
export const MAX_URL_DATA_BYTES = 1024
/** Text a tracker may show us (failure reason, warning) or we show a client. */
export const MAX_TRACKER_TEXT_BYTES = 1024

/** BEP 10 handshakes and BEP 9 messages: shallow and small by nature. */
export const MAX_EXTENSION_DEPTH = 8
export const MAX_EXTENSION_TOKENS = 2000
/** BEP 9: the info dictionary moves in pieces of 16 KiB. */
export const METADATA_PIECE_LENGTH = 16384
/** Larger info dictionaries are not served by metadata messages and not asked for. */
export const MAX_METADATA_BYTES = 10_000_000
