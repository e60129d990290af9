import { ReasonCode } from '@martlet/protocol';
import { ReturnCode } from './codec/return-code.ts';

/** What MQTT-SN has for a reason code of MQTT 5: four words for all. */
export function returnCodeFor(reasonCode: number): number {
  if (reasonCode < 0x80) return ReturnCode.Accepted;
  switch (reasonCode) {
    case ReasonCode.ServerBusy:
    case ReasonCode.ServerUnavailable:
    case ReasonCode.QuotaExceeded:
    case ReasonCode.ReceiveMaximumExceeded:
    case ReasonCode.MessageRateTooHigh:
    case ReasonCode.ConnectionRateExceeded:
      return ReturnCode.Congestion;
    case ReasonCode.TopicNameInvalid:
    case ReasonCode.TopicFilterInvalid:
      return ReturnCode.InvalidTopicId;
    default:
      return ReturnCode.NotSupported;
  }
}
