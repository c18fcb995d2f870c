"""The names that can be imported from BertViz 1.4.1's `transformers_neuron_view` and from its modules."""

from __future__ import annotations


def _split(names: str) -> list[str]:
    return names.split()


TOP = _split("""
    BERT_PRETRAINED_CONFIG_ARCHIVE_MAP BERT_PRETRAINED_MODEL_ARCHIVE_MAP BasicTokenizer BertConfig BertForMaskedLM
    BertForMultipleChoice BertForNextSentencePrediction BertForPreTraining BertForQuestionAnswering
    BertForSequenceClassification BertForTokenClassification BertModel BertPreTrainedModel BertTokenizer CONFIG_NAME
    Conv1D GPT2Config GPT2DoubleHeadsModel GPT2LMHeadModel GPT2Model GPT2PreTrainedModel GPT2Tokenizer
    GPT2_PRETRAINED_CONFIG_ARCHIVE_MAP GPT2_PRETRAINED_MODEL_ARCHIVE_MAP OPENAI_GPT_PRETRAINED_CONFIG_ARCHIVE_MAP
    OPENAI_GPT_PRETRAINED_MODEL_ARCHIVE_MAP OpenAIGPTConfig OpenAIGPTDoubleHeadsModel OpenAIGPTLMHeadModel
    OpenAIGPTModel OpenAIGPTPreTrainedModel OpenAIGPTTokenizer PYTORCH_PRETRAINED_BERT_CACHE
    PYTORCH_TRANSFORMERS_CACHE PreTrainedModel PreTrainedTokenizer PretrainedConfig
    ROBERTA_PRETRAINED_CONFIG_ARCHIVE_MAP ROBERTA_PRETRAINED_MODEL_ARCHIVE_MAP RobertaConfig RobertaForMaskedLM
    RobertaForSequenceClassification RobertaModel RobertaTokenizer SPIECE_UNDERLINE TF_WEIGHTS_NAME
    TRANSFO_XL_PRETRAINED_CONFIG_ARCHIVE_MAP TRANSFO_XL_PRETRAINED_MODEL_ARCHIVE_MAP TransfoXLConfig TransfoXLCorpus
    TransfoXLLMHeadModel TransfoXLModel TransfoXLTokenizer WEIGHTS_NAME WordpieceTokenizer XLMConfig
    XLMForQuestionAnswering XLMForSequenceClassification XLMModel XLMPreTrainedModel XLMTokenizer XLMWithLMHeadModel
    XLM_PRETRAINED_CONFIG_ARCHIVE_MAP XLM_PRETRAINED_MODEL_ARCHIVE_MAP XLNET_PRETRAINED_CONFIG_ARCHIVE_MAP
    XLNET_PRETRAINED_MODEL_ARCHIVE_MAP XLNetConfig XLNetForQuestionAnswering XLNetForSequenceClassification
    XLNetLMHeadModel XLNetModel XLNetPreTrainedModel XLNetTokenizer cached_path load_tf_weights_in_bert
    load_tf_weights_in_gpt2 load_tf_weights_in_openai_gpt load_tf_weights_in_transfo_xl load_tf_weights_in_xlnet
    prune_layer
""")
"""The names of the package itself."""

NAMES = {
    module: _split(names)
    for module, names in {
        "file_utils": """
            PYTORCH_PRETRAINED_BERT_CACHE PYTORCH_TRANSFORMERS_CACHE cached_path default_cache_path filename_to_url
            get_from_cache http_get s3_etag s3_get s3_request split_s3_path torch_cache_home url_to_filename
        """,
        "modeling_bert": """
            ACT2FN BERT_INPUTS_DOCSTRING BERT_PRETRAINED_CONFIG_ARCHIVE_MAP BERT_PRETRAINED_MODEL_ARCHIVE_MAP
            BERT_START_DOCSTRING BertAttention BertConfig BertEmbeddings BertEncoder BertForMaskedLM
            BertForMultipleChoice BertForNextSentencePrediction BertForPreTraining BertForQuestionAnswering
            BertForSequenceClassification BertForTokenClassification BertIntermediate BertLMPredictionHead BertLayer
            BertLayerNorm BertModel BertOnlyMLMHead BertOnlyNSPHead BertOutput BertPooler BertPreTrainedModel
            BertPreTrainingHeads BertPredictionHeadTransform BertSelfAttention BertSelfOutput CONFIG_NAME
            PreTrainedModel PretrainedConfig WEIGHTS_NAME add_start_docstrings gelu load_tf_weights_in_bert
            prune_linear_layer swish
        """,
        "modeling_gpt2": """
            Attention Block CONFIG_NAME Conv1D GPT2Config GPT2DoubleHeadsModel GPT2LMHeadModel GPT2Model
            GPT2PreTrainedModel GPT2_INPUTS_DOCSTRING GPT2_PRETRAINED_CONFIG_ARCHIVE_MAP
            GPT2_PRETRAINED_MODEL_ARCHIVE_MAP GPT2_START_DOCSTRING LayerNorm MLP PreTrainedModel PretrainedConfig
            SequenceSummary WEIGHTS_NAME add_start_docstrings gelu load_tf_weights_in_gpt2 prune_conv1d_layer
        """,
        "modeling_openai": """
            ACT_FNS Attention Block CONFIG_NAME Conv1D LayerNorm MLP OPENAI_GPT_INPUTS_DOCSTRING
            OPENAI_GPT_PRETRAINED_CONFIG_ARCHIVE_MAP OPENAI_GPT_PRETRAINED_MODEL_ARCHIVE_MAP
            OPENAI_GPT_START_DOCSTRING OpenAIGPTConfig OpenAIGPTDoubleHeadsModel OpenAIGPTLMHeadModel OpenAIGPTModel
            OpenAIGPTPreTrainedModel PreTrainedModel PretrainedConfig SequenceSummary WEIGHTS_NAME
            add_start_docstrings gelu load_tf_weights_in_openai_gpt prune_conv1d_layer swish
        """,
        "modeling_roberta": """
            BertConfig BertEmbeddings BertLayerNorm BertModel BertPreTrainedModel ROBERTA_INPUTS_DOCSTRING
            ROBERTA_PRETRAINED_CONFIG_ARCHIVE_MAP ROBERTA_PRETRAINED_MODEL_ARCHIVE_MAP ROBERTA_START_DOCSTRING
            RobertaClassificationHead RobertaConfig RobertaEmbeddings RobertaForMaskedLM
            RobertaForSequenceClassification RobertaLMHead RobertaModel add_start_docstrings gelu
        """,
        "modeling_transfo_xl": """
            AdaptiveEmbedding DecoderLayer LayerNorm MultiHeadAttn PositionalEmbedding PositionwiseFF
            PreTrainedModel PretrainedConfig ProjectedAdaptiveLogSoftmax RelLearnableDecoderLayer
            RelLearnableMultiHeadAttn RelMultiHeadAttn RelPartialLearnableDecoderLayer
            RelPartialLearnableMultiHeadAttn TRANSFO_XL_INPUTS_DOCSTRING TRANSFO_XL_PRETRAINED_CONFIG_ARCHIVE_MAP
            TRANSFO_XL_PRETRAINED_MODEL_ARCHIVE_MAP TRANSFO_XL_START_DOCSTRING TransfoXLConfig TransfoXLLMHeadModel
            TransfoXLModel TransfoXLPreTrainedModel add_start_docstrings build_tf_to_pytorch_map
            load_tf_weights_in_transfo_xl sample_logits
        """,
        "modeling_transfo_xl_utilities": """
            LogUniformSampler ProjectedAdaptiveLogSoftmax sample_logits
        """,
        "modeling_utils": """
            CONFIG_NAME Conv1D PoolerAnswerClass PoolerEndLogits PoolerStartLogits PreTrainedModel PretrainedConfig
            SQuADHead SequenceSummary TF_WEIGHTS_NAME WEIGHTS_NAME add_start_docstrings cached_path
            prune_conv1d_layer prune_layer prune_linear_layer
        """,
        "modeling_xlm": """
            MultiHeadAttention PreTrainedModel PretrainedConfig SQuADHead SequenceSummary TransformerFFN XLMConfig
            XLMForQuestionAnswering XLMForSequenceClassification XLMModel XLMPreTrainedModel XLMPredLayer
            XLMWithLMHeadModel XLM_INPUTS_DOCSTRING XLM_PRETRAINED_CONFIG_ARCHIVE_MAP
            XLM_PRETRAINED_MODEL_ARCHIVE_MAP XLM_START_DOCSTRING add_start_docstrings create_sinusoidal_embeddings
            gelu get_masks prune_linear_layer
        """,
        "modeling_xlnet": """
            ACT2FN CONFIG_NAME PoolerAnswerClass PoolerEndLogits PoolerStartLogits PreTrainedModel PretrainedConfig
            SequenceSummary WEIGHTS_NAME XLNET_INPUTS_DOCSTRING XLNET_PRETRAINED_CONFIG_ARCHIVE_MAP
            XLNET_PRETRAINED_MODEL_ARCHIVE_MAP XLNET_START_DOCSTRING XLNetConfig XLNetFeedForward
            XLNetForQuestionAnswering XLNetForSequenceClassification XLNetLMHeadModel XLNetLayer XLNetLayerNorm
            XLNetModel XLNetPreTrainedModel XLNetRelativeAttention add_start_docstrings
            build_tf_xlnet_to_pytorch_map gelu load_tf_weights_in_xlnet swish
        """,
        "tokenization_bert": """
            BasicTokenizer BertTokenizer PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES PRETRAINED_VOCAB_FILES_MAP
            PreTrainedTokenizer VOCAB_FILES_NAMES WordpieceTokenizer load_vocab whitespace_tokenize
        """,
        "tokenization_gpt2": """
            GPT2Tokenizer PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES PRETRAINED_VOCAB_FILES_MAP PreTrainedTokenizer
            VOCAB_FILES_NAMES bytes_to_unicode get_pairs
        """,
        "tokenization_openai": """
            BasicTokenizer OpenAIGPTTokenizer PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES PRETRAINED_VOCAB_FILES_MAP
            PreTrainedTokenizer VOCAB_FILES_NAMES get_pairs text_standardize
        """,
        "tokenization_roberta": """
            PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES PRETRAINED_VOCAB_FILES_MAP PreTrainedTokenizer RobertaTokenizer
            VOCAB_FILES_NAMES bytes_to_unicode get_pairs
        """,
        "tokenization_transfo_xl": """
            CORPUS_NAME LMMultiFileIterator LMOrderedIterator LMShuffledIterator PRETRAINED_CORPUS_ARCHIVE_MAP
            PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES PRETRAINED_VOCAB_FILES_MAP PreTrainedTokenizer TransfoXLCorpus
            TransfoXLTokenizer VOCAB_FILES_NAMES cached_path get_lm_corpus
        """,
        "tokenization_utils": """
            ADDED_TOKENS_FILE PreTrainedTokenizer SPECIAL_TOKENS_MAP_FILE cached_path
        """,
        "tokenization_xlm": """
            BasicTokenizer PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES PRETRAINED_VOCAB_FILES_MAP PreTrainedTokenizer
            VOCAB_FILES_NAMES XLMTokenizer get_pairs text_standardize
        """,
        "tokenization_xlnet": """
            PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES PRETRAINED_VOCAB_FILES_MAP PreTrainedTokenizer SEG_ID_A SEG_ID_B
            SEG_ID_CLS SEG_ID_PAD SEG_ID_SEP SPIECE_UNDERLINE VOCAB_FILES_NAMES XLNetTokenizer
        """,
    }.items()
}
"""The names of each module, those that it imports from its neighbours included."""
