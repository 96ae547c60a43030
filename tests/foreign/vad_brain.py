"""A voice activity detector's Brain, which knows nothing of lgc_plugin."""

import speechbrain as sb
from speechbrain.nnet.losses import bce_loss


class VadBrain(sb.Brain):
    """Learns from labeled clips which frames hold a voice."""

    def compute_forward(self, batch, stage):
        """Logits (B, T, 1) and relative lengths (B,)."""
        wavs, lens = batch.to(self.device).sig
        feats = self.modules.compute_features(wavs)
        feats = self.modules.mean_var_norm(feats, lens).detach()
        hidden = self.modules.cnn(feats).flatten(2)
        hidden, _ = self.modules.rnn(hidden)
        return self.modules.dnn(hidden), lens

    def compute_objectives(self, predictions, batch, stage):
        """Cross entropy of the frames of labeled clips."""
        logits, lens = predictions
        labels, known = batch.target.data, batch.labeled
        if not known.any():
            loss = 0.0 * logits.sum()
        else:
            loss = bce_loss(logits[known], labels[known], length=lens[known])
        return loss

    def on_stage_end(self, stage, stage_loss, epoch=None):
        """Log and checkpoint."""
        if stage == sb.Stage.TRAIN:
            self.train_loss = stage_loss
        elif stage == sb.Stage.VALID:
            self.hparams.train_logger.log_stats(
                {"epoch": epoch},
                train_stats={"loss": self.train_loss},
                valid_stats={"loss": stage_loss},
            )
            self.checkpointer.save_and_keep_only(
                {"loss": stage_loss}, min_keys=["loss"], importance_keys=[]
            )
        else:
            self.test_loss = stage_loss
