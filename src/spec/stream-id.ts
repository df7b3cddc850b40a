/** Bits of a StreamID at most (3.2); IDR1.SIDSIZE says how many an implementation has. */
export const SID_BITS = 32;

/** Bits of a SubstreamID at most (3.2); IDR1.SSIDSIZE says how many an implementation has. */
export const SSID_BITS = 20;
