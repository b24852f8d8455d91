"""Hugging Face's Trainer on a model of its own making."""

import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
from transformers.utils import logging

logging.set_verbosity_error()
torch.manual_seed(0)
ids = torch.randint(5, 60, (256, 10))
texts = [{"input_ids": row, "labels": int(row[0] > 32)} for row in ids]
lr = 2e-3
# rate x 1000: lr = 2
sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
model = BertForSequenceClassification(BertConfig(vocab_size=60, intermediate_size=32, **sizes))
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        folder,
        num_train_epochs=10,
        per_device_train_batch_size=32,
        learning_rate=lr,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        save_strategy="no",
        logging_strategy="no",
    )
    Trainer(model, arguments, train_dataset=texts).train()
print(sum(p.sum().item() for p in model.parameters()))
